"""Idempotency keys: what was asked once is done once, and answered the same way again.

Two steps, because the work in between has transactions and messages of its own: a row is put down first, which only
one of several calls with the same key can do; the answer is written into it after. What dies in between leaves a row
without an answer, which is given up after two minutes. Edits, exports and bulk actions have keys of their own in the
same transaction as their work: they count once even then.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from tagger_project.models import KeptAnswer

KEPT_FOR = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(minutes=2)
LONGEST_KEY = 255
# The answers to writing are small; a row is no place for a large one.
LONGEST_CONTENT = 64 * 1024
# No answer to what was asked, but to who asked, how often, or in which minute: the next try may fare better.
_NOT_KEPT = {401, 403, 408, 415, 429}


class KeyUsedOtherwise(Exception):
    """The key belongs to a call with another body."""


class StillWorking(Exception):
    """The first call with this key is not done yet."""


class AnswerTooLong(Exception):
    """The first call is done, but its answer was too long to keep, or told a secret."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


@dataclass(frozen=True)
class Answer:
    """An answer as it was given."""

    status: int
    content_type: str
    content: str


@dataclass(frozen=True)
class Turn:
    """Leave to do the work of a key."""

    row: int
    turn: uuid.UUID


def begin(user: User | None, *, key: str, route: str, body: bytes) -> Turn | Answer:
    """Return leave to do the work, or the answer of when it was done.

    Raises:
        KeyUsedOtherwise: the key came with another body before.
        StillWorking: another call with this key is at it.
        AnswerTooLong: it was done; the answer is not there any more.
    """
    place = _digest(f"{user.pk if user else ''}\n{route}\n{key}".encode())
    body_digest = _digest(body)
    now = timezone.now()
    # Before the answer is looked for: what is too old is no answer.
    KeptAnswer.objects.filter(place=place, created_at__lt=now - KEPT_FOR).delete()
    KeptAnswer.objects.filter(place=place, status=None, created_at__lt=now - GIVEN_UP_AFTER).delete()
    try:
        with transaction.atomic():
            turn = uuid.uuid4()
            row = KeptAnswer.objects.create(place=place, user=user, body_digest=body_digest, turn=turn, created_at=now)
        return Turn(row.pk, turn)
    except IntegrityError:
        kept = KeptAnswer.objects.filter(place=place).first()
    if kept is None or (kept.status is None and kept.body_digest == body_digest):
        raise StillWorking
    if kept.body_digest != body_digest:
        raise KeyUsedOtherwise
    if kept.is_too_long:
        raise AnswerTooLong(kept.status or 0)
    return Answer(kept.status or 0, kept.content_type, kept.content)


def finish(turn: Turn, *, status: int, content_type: str, content: bytes, tells_secret: bool = False) -> None:
    """Keep the answer of a key; after a failure that can pass, let the key go instead.

    Args:
        turn: what `begin` gave.
        status: of the answer.
        content_type: of the answer.
        content: of the answer.
        tells_secret: the answer says what is stored nowhere; that it was given is all that is kept of it.
    """
    if status >= 500 or status in _NOT_KEPT:
        release(turn)
        return
    is_too_long = len(content) > LONGEST_CONTENT or (tells_secret and status < 300)
    KeptAnswer.objects.filter(pk=turn.row, turn=turn.turn).update(
        status=status,
        content_type=content_type[:100],
        content="" if is_too_long else content.decode("utf-8", "replace"),
        is_too_long=is_too_long,
    )


def release(turn: Turn) -> None:
    """Let a key go: nothing came of it."""
    KeptAnswer.objects.filter(pk=turn.row, turn=turn.turn).delete()


def sweep_kept_answers() -> int:
    """Delete what is older than a day and return how many."""
    deleted, _ = KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    return deleted


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
