"""The keys as one person wants them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class KeyMap(models.Model):
    """What a person changed about the keys; `person` is empty where there are no logins.

    `keys` maps an action's id to its chords, for the actions that were changed only: others follow the program.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="key_map",
    )
    keys = models.JSONField(_("keys"), default=dict, blank=True)
    single_keys = models.BooleanField(
        _("single keys"), default=True, help_text=_("Keys without Ctrl or Alt do things outside of text fields.")
    )

    class Meta:
        verbose_name = _("key map")
        verbose_name_plural = _("key maps")
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(person__isnull=True), name="key_map_without_login"
            )
        ]

    def __str__(self) -> str:
        return str(self.person or _("Someone"))
