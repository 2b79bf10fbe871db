"""An answer of the API that is given again to who asks with the same key."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """The first answer to an `Idempotency-Key`; without a status the call is still being worked on.

    Attributes:
        place: SHA-256 of the person, the key and the route: there is one row for each, on every database.
        body_digest: SHA-256 of what was sent; the bytes themselves are not kept.
        turn: who works on it, so that a call that was given up cannot write its answer over a later one.
    """

    place = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    body_digest = models.CharField(max_length=64)
    turn = models.UUIDField()
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    content = models.TextField(blank=True)
    is_too_long = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.place[:12]} {self.status or '…'}"
