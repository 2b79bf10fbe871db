"""What somebody found out who may not do anything about it."""

from django.dispatch import Signal

text_lengths_wanted = Signal()
"""Texts of a dataset may have changed since their tokens were counted. Sent by who asked for tokens, and after much was
written, with `dataset_id`. A receiver has them counted elsewhere: who sends it may be answering a GET.
"""
