"""A person's walk through a dataset."""

from sessions_app.models.tagging_session import TaggingSession

__all__ = ["TaggingSession"]
