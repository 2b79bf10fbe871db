"""Words, and words on images."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TaggingConfig(AppConfig):
    """The second room on the path."""

    name = "tagging"
    verbose_name = _("Tagging")

    def ready(self) -> None:
        """Listen for images that became ready, and read the filters of every room."""
        from datasets import filter_reading
        from tagging import receivers  # noqa: F401  (importing connects them)
        from tagging.queries.filter_in_memory import know_in_memory
        from tagging.queries.filtering import read_filter

        filter_reading.register(read_filter, know_in_memory)
