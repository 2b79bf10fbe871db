"""Do an action on some images: the plan goes into the log, and the tags are made what the log says."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from datasets.batches import batches
from tagging.models import Change, ImageTag, Source, Tag
from tagging.queries.numbers_in import is_one_of
from tagging.services.bulk import statements
from tagging.services.bulk.actions import Action
from tagging.services.bulk.arranging import rearrange
from tagging.services.bulk.statements import execute, read_numbers
from tagging.services.bulk.working_out import Words, Worker, is_for_database
from tagging.services.changes import mark_edited
from tagging.services.coming import how_it_came
from tagging.services.vocabulary import get_tags
from tagging.services.writing import STEP, Kind, Writing

_READ_AT_ONCE = 2_000


@dataclass(frozen=True)
class Doing:
    """One action in one dataset: what is done, as which entry of the history, and by whom."""

    action: Action
    change: Change
    by: User | None


def carry_out(doing: Doing, image_ids: Sequence[int], *, until: float | None = None) -> tuple[int, int]:
    """Do an action on images that are there, in few statements.

    To be called inside a transaction that holds the dataset's row.

    Args:
        doing: what.
        image_ids: on which images, ascending.
        until: leave the rest for another time where this moment of `time.monotonic` has passed: some patterns are slow.

    Returns:
        How many of the images were looked at, from the first on, and how many of them are changed.

    Raises:
        PatternRefused: the pattern cannot be used on one of the captions.
    """
    since = newest_operation()
    handled = len(image_ids)
    # In one order for everybody: two who make the same new words would wait for each other for ever.
    get_tags(sorted(doing.action.new_tags))
    if not is_for_database(doing.action):
        handled = _plan(doing, image_ids, until)
        carry_out_log(doing.change, since, source=Source.BULK, by=doing.by, rules=doing.action.implied)
    elif doing.action.kind == "remove":
        numbers = list(Tag.objects.filter(name__in=doing.action.tags).values_list("pk", flat=True))
        execute(statements.REMOVE, change=doing.change.pk, tags=numbers, ids=image_ids)
        carry_out_log(doing.change, since, source=Source.BULK, by=doing.by)
    else:
        _add(doing, image_ids)
    all_tagged = doing.action.kind in {"add", "copy", "replace", "sort", "deduplicate"}
    return handled, len(mark_changed(doing.change, since, by=doing.by, all_tagged=all_tagged))


def newest_operation() -> int:
    """Return the number of the newest operation: those that this transaction writes have greater ones."""
    return read_numbers(statements.NEWEST_OPERATION)[0]


def carry_out_log(change: Change, since: int, *, source: Source, by: User | None, rules: Sequence[str] = ()) -> None:
    """Make the tags on images what the operations of a change say that were written since.

    Args:
        change: which.
        since: the newest operation before them.
        source: how the tags that are added came.
        by: who adds them.
        rules: the names of tags that a rule adds.
    """
    facts = {"change": change.pk, "since": since}
    execute(statements.CARRY_OUT_REMOVALS, **facts)
    execute(statements.CARRY_OUT_MOVES, **facts)
    _carry_out_additions(change, since, source, by, rules)


def _carry_out_additions(change: Change, since: int, source: Source, by: User | None, rules: Sequence[str]) -> None:
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    facts = {"change": change.pk, "since": since, "by": by.pk if by else None, "now": now}
    execute(statements.CARRY_OUT_ADDITIONS, **facts, source=source.value, rules=list(rules))


def mark_changed(change: Change, since: int, *, by: User | None, all_tagged: bool = False) -> list[int]:
    """Count an edit on the images that operations written since concern; returns these.

    Args:
        change: whose operations.
        since: the newest operation before them.
        by: who.
        all_tagged: they have words afterwards: it need not be looked up.
    """
    changed = read_numbers(statements.CHANGED, change=change.pk, since=since)
    without = set() if all_tagged else set(read_numbers(statements.WITHOUT_WORDS, ids=changed))
    with_words = [pk for pk in changed if pk not in without]
    if with_words:
        mark_edited(with_words, change.dataset_id, is_tagged=True, by=by)
    if without:
        mark_edited(sorted(without), change.dataset_id, is_tagged=False, by=by)
    return changed


def _add(doing: Doing, image_ids: Sequence[int]) -> None:
    """Add tags at an end, one after the other, each where those before it left off."""
    action = doing.action
    in_front = action.place == "front"
    numbers = dict(Tag.objects.filter(name__in=action.new_tags).values_list("name", "pk"))
    names: Iterable[str] = reversed(action.new_tags) if in_front else action.new_tags
    for name in names:
        since = newest_operation()
        is_rule = name in action.implied
        execute(
            statements.ADD_IN_FRONT if in_front else statements.ADD_AT_END,
            change=doing.change.pk,
            ids=image_ids,
            tag=numbers[name],
            name=name,
            is_rule=is_rule,
            step=STEP,
        )
        _carry_out_additions(doing.change, since, Source.BULK, doing.by, [name] if is_rule else [])


def _plan(doing: Doing, image_ids: Sequence[int], until: float | None) -> int:
    """Write into the log what the action makes of images; returns how many were looked at."""
    worker, writing, handled = Worker(doing.action), Writing(), 0
    for words in worker.read(image_ids):
        if until is not None and handled and time.monotonic() > until:
            break
        _plan_image(doing, worker, words, writing)
        handled += 1
    _note_how_they_came(writing)
    writing.write({}, by=doing.by)
    return handled


def _note_how_they_came(writing: Writing) -> None:
    """Note of the tags that go how they had come."""
    going = {(each.image_id, each.tag_name): each for each in writing.operations if each.kind == Kind.REMOVE}
    on_images = is_one_of("image_id", sorted({image_id for image_id, _name in going}))
    for names in batches(sorted({name for _image_id, name in going}), _READ_AT_ONCE):
        for row in ImageTag.objects.filter(on_images, tag__name__in=names).select_related("tag"):
            operation = going.get((row.image_id, row.tag.name))
            if operation is not None:
                operation.was_source, operation.was_added_by_id, operation.was_added_at = how_it_came(row)


def _plan_image(doing: Doing, worker: Worker, words: Words, writing: Writing) -> None:
    text = worker.text(words)
    if text != words.text:
        writing.note(doing.change, words.image_id, Kind.CAPTION, words.text, text)
        writing.set_caption(words.image_id, words.caption, text, doing.by)
    for step in rearrange(words.tags, worker.wanted(words)):
        kind = Kind.ADD if step.before is None else Kind.REMOVE if step.after is None else Kind.MOVE
        writing.note(doing.change, words.image_id, kind, step.before, step.after, step.name)
