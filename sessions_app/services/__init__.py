"""Writes: opening a tagging session and keeping the place."""
