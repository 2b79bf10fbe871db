"""A person's walk through a dataset."""

from sessions_app.models.claim import Claim
from sessions_app.models.image_visit import ImageVisit
from sessions_app.models.key_map import KeyMap
from sessions_app.models.tagging_session import TaggingSession

__all__ = ["Claim", "ImageVisit", "KeyMap", "TaggingSession"]
