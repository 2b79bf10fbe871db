"""What the project itself keeps: tokens for the API, and answers that can be given again."""

from tagger_project.models.api_token import ApiToken
from tagger_project.models.kept_answer import KeptAnswer

__all__ = ["ApiToken", "KeptAnswer"]
