"""Tagging sessions: a person walks through a dataset."""
