"""The one piece of news that travels to the right without an import."""

from django.dispatch import Signal

image_ready = Signal()
"""An image became ready, or its sidecar arrived. Sent with `image` inside the transaction that makes it true.

A receiver must be safe to run twice for one image.
"""
