"""Fixtures of this room."""

from tests.tagging.conftest import shared_database

__all__ = ["shared_database"]
