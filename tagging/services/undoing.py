"""Take back an entry of the history, whoever made it: where nobody touched the same word since, and nowhere else."""

from __future__ import annotations

import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Min
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from datasets.batches import batches
from datasets.models import Image
from datasets.services.datasets import touch_dataset
from tagging.models import Caption, Change, ImageTag, Source, Tag, TagOperation
from tagging.queries.numbers_in import is_one_of
from tagging.replaying import Came, Step, carry_over, find_untouched
from tagging.services.bulk.statements import know_sizes
from tagging.services.bulk.taking_back import take_back_untouched
from tagging.services.changes import open_change
from tagging.services.coming import COLUMNS, as_row, came_just_now, give_back, how_it_came, read_came
from tagging.services.vocabulary import bump_vocabulary, get_tags
from tagging.services.vocabulary_history import bring_back
from tagging.services.writing import STEP, Kind, Writing, number_anew, open_numbering

# Few enough for a short hold of the dataset's row; others work in between. Fewer are looked at word by word.
_IMAGES_AT_ONCE = 5_000
_IMAGES_LOOKED_AT = 250
_WORDS_AT_ONCE = 2000
# What could not be taken back is counted to the end and told by name up to here.
MOST_TOLD = 200


class NothingToUndo(Exception):
    """Nothing of the change is left to take back; the text is a sentence."""


@dataclass(frozen=True)
class LeftAlone:
    """A word that stays as it is now.

    Attributes:
        image_id: on which image.
        image_name: what its file was called.
        tag: the tag; empty for the caption.
        why: a sentence.
    """

    image_id: int
    image_name: str
    tag: str
    why: str


@dataclass
class Undone:
    """What became of taking back a change.

    Attributes:
        change: the entry that took it back, `None` where nothing could be.
        images: how many images got back what they had.
        reverted: how many operations were taken back.
        left: how many words stayed as they are.
        left_images: on how many images.
        kept: the first of these words, and why.
        next: where there is more to do, the image to go on after; else `None`.
    """

    change: Change | None = None
    images: int = 0
    reverted: int = 0
    left: int = 0
    left_images: int = 0
    kept: list[LeftAlone] = field(default_factory=list)
    next: int | None = None


@dataclass
class Undoing:
    """What is taken back, by whom, under which key, and what became of it so far; `since` is its first operation."""

    change: Change
    by: User | None
    key: uuid.UUID
    done: Undone
    since: int = 0
    taken_back_by: int | None = None

    def undo_on(self, image_ids: Sequence[int]) -> None:
        """Take the change back on some images; those on which that is a matter of course in a few statements."""
        for part in batches(image_ids, _IMAGES_AT_ONCE):
            done = _undo_untouched(self, part)
            for few in batches([pk for pk in part if pk not in done], _IMAGES_LOOKED_AT):
                _undo_on(self, few)

    def check_something(self) -> None:
        """Look whether anything came of it, after all images.

        Raises:
            NothingToUndo: it was taken back already, or its pictures were deleted for ever.
        """
        _check_something(self)

    def entry(self) -> Change:
        """Return the entry of the history for what is taken back, making it with the first operation."""
        if self.done.change is None:
            self.done.change = open_change(
                self.key, self.change.dataset_id, by=self.by, source=Source.PERSON, undoes=self.change
            )
        return self.done.change


@dataclass
class _Board:
    """The words of one image while they are put back, and its log since the change."""

    image: Image
    rows: dict[str, ImageTag] = field(default_factory=dict)
    caption: Caption | None = None
    steps: dict[tuple[bool, str], list[Step]] = field(default_factory=lambda: defaultdict(list))
    numberings: dict[int, list[Step]] = field(default_factory=lambda: defaultdict(list))
    # Tags that are still to be put back: where they stand now is nobody's place.
    lifted: set[str] = field(default_factory=set)

    def today(self, position: float, since: int) -> float:
        """Return where a position of an earlier moment is now, after tags were numbered anew."""
        for numbering in self.numberings.values():
            if numbering[0].number > since:
                table = [(float(step.before or 0.0), float(step.after or 0.0)) for step in numbering]
                position = carry_over(position, table)
        return position


# What stays as it is: on which image, the step that is not taken back, and what touched the word after it.
_Touched = tuple[_Board, Step, Step | None]


@dataclass
class _Work:
    """What one transaction gathers; `begun` is the entry that takes back, where an earlier one made it."""

    begun: int | None
    tags: dict[str, Tag]
    writing: Writing = field(default_factory=Writing)
    touched: list[_Touched] = field(default_factory=list)


def undo_change(
    change: Change, *, by: User | None, key: uuid.UUID, after: int = 0, seconds: float | None = None
) -> Undone:
    """Take back a whole change where nothing touched the same word since; what takes it back is a change as well.

    Some hundred images share a transaction. Called again with the same key, it goes on where it stopped, and tells
    of all that was taken back under this key; so a call that died may be repeated.

    Args:
        change: which; one that took something back is done again by this.
        by: who asks.
        key: made where it was asked for, unique for ever.
        after: go on after this image, as `Undone.next` said.
        seconds: stop at about this time and say by `Undone.next` where to go on.

    Raises:
        NothingToUndo: it was taken back already, or its pictures were deleted for ever.
    """
    until = None if seconds is None else time.monotonic() + seconds
    undoing = begin_undo(change, by=by, key=key)
    ids = find_images(change, after=after)
    for part in batches(ids, _IMAGES_AT_ONCE):
        undoing.undo_on(part)
        if until is not None and time.monotonic() > until and part[-1] != ids[-1]:
            undoing.done.next = part[-1]
            break
    if not after and undoing.done.next is None:
        undoing.check_something()
    return undoing.done


def find_images(change: Change, *, after: int = 0) -> list[int]:
    """Return the images that a change did something to, ascending: all after one of them."""
    operations = TagOperation.objects.filter(change=change, image_id__gt=after).exclude(kind=Kind.NUMBER)
    # Read once: asked for some images of a large change, a database looks through all of it.
    return list(operations.order_by("image_id").values_list("image_id", flat=True).distinct())


def begin_undo(change: Change, *, by: User | None, key: uuid.UUID) -> Undoing:
    """Return the work under this key, going on with what it did before; a key of something else is not taken."""
    own = TagOperation.objects.filter(change=change).aggregate(first=Min("pk"), count=Count("pk"))
    since = own["first"] or 0
    there = Change.objects.filter(key=key).first()
    if there is None:
        know_sizes(own["count"])
        return Undoing(change, by, key, Undone(), since)
    if (there.undoes_id, there.done_by_id) == (change.pk, by.pk if by else None):
        return Undoing(change, by, key, Undone(change=there), since)
    return Undoing(change, by, uuid.uuid4(), Undone(), since)


def _check_something(undoing: Undoing) -> None:
    done = undoing.done
    if done.reverted or done.left:
        return
    if undoing.taken_back_by is not None:
        other = Change.objects.select_related("done_by").get(pk=undoing.taken_back_by)
        raise NothingToUndo(_("All of this is taken back already: %(who)s, %(when)s") % _who_and_when(other))
    if TagOperation.objects.filter(change=undoing.change).exclude(kind=Kind.NUMBER).exists():
        raise NothingToUndo(_("Nothing is left to take back: this changed nothing."))
    raise NothingToUndo(_("Nothing is left to take back: the pictures of this change were deleted for ever."))


@transaction.atomic
def _undo_untouched(undoing: Undoing, image_ids: Sequence[int]) -> set[int]:
    """Take the change back where nobody touched its words since; returns the images that are done."""
    touch_dataset(undoing.change.dataset_id)
    take_back = partial(take_back_untouched, undoing.change, since=undoing.since, entry=undoing.entry, by=undoing.by)
    done, reverted = take_back(image_ids)
    left = [pk for pk in image_ids if pk not in done]
    if left and _bring_words_back(undoing.change, left):
        # Their words had left the vocabulary: that was all that stood in the way.
        more, also = take_back(left)
        done, reverted = done | more, reverted + also
    undoing.done.reverted += reverted
    undoing.done.images += len(done)
    return done


def _bring_words_back(change: Change, image_ids: Sequence[int]) -> bool:
    """Make tags again that a change took away and that left the vocabulary since; returns whether there were any."""
    taken = TagOperation.objects.filter(is_one_of("image_id", image_ids), change=change, before__isnull=False)
    is_back = bring_back(list(taken.exclude(tag_name="").values_list("tag_name", flat=True).distinct()))
    if is_back:
        bump_vocabulary()
    return is_back


@transaction.atomic
def _undo_on(undoing: Undoing, image_ids: Sequence[int]) -> None:
    """Take the change back on some images, looking at every word, in few statements."""
    touch_dataset(undoing.change.dataset_id)
    boards = _read(undoing.change, image_ids, undoing.since)
    names = sorted(_names_to_come_back(undoing.change, boards))
    if bring_back(names):
        bump_vocabulary()
    begun = undoing.done.change.pk if undoing.done.change else None
    work = _Work(begun, {tag.name: tag for part in batches(names, _WORDS_AT_ONCE) for tag in get_tags(part)})
    for board in boards:
        _undo_image(undoing, board, work)
    work.writing.write({board.image.pk: board.image.dataset_id for board in boards}, by=undoing.by)
    _tell_left_alone(undoing.done, work.touched)


def _read(change: Change, image_ids: Sequence[int], since: int) -> list[_Board]:
    """Return the words of images that are there, also in the trash, and their log since the change."""
    images = Image.everything.filter(pk__in=image_ids).only("pk", "dataset_id", "original_name").order_by("pk")
    boards = {image.pk: _Board(image) for image in images}
    for row in ImageTag.objects.filter(image__in=image_ids).select_related("tag").order_by("position", "pk"):
        boards[row.image_id].rows[row.tag.name] = row
    for caption in Caption.objects.filter(image__in=image_ids):
        boards[caption.image_id].caption = caption
    rows = TagOperation.objects.filter(image__in=image_ids, pk__gte=since).order_by("pk")
    facts = ("pk", "change_id", "kind", "tag_name", "before", "after", "change__undoes_id")
    for image_id, *values in rows.values_list("image_id", *facts, *COLUMNS):
        *of_step, source, by, at = values
        step, board = Step(*[*of_step, read_came(source, by, at)]), boards[image_id]
        if step.kind == Kind.NUMBER:
            board.numberings[step.change].append(step)
        elif step.changes and (step.change == change.pk or step.subject in board.steps):
            board.steps[step.subject].append(step)
    return list(boards.values())


def _names_to_come_back(change: Change, boards: Sequence[_Board]) -> set[str]:
    """Return the tags that the change took away or moved: what may come back is read in one statement."""
    return {
        step.tag
        for board in boards
        for (is_caption, _name), steps in board.steps.items()
        for step in steps
        if not is_caption and step.change == change.pk and step.before is not None
    }


def _undo_image(undoing: Undoing, board: _Board, work: _Work) -> None:
    reverted, operations = 0, len(work.writing.operations)
    untouched = {subject: find_untouched(steps, undoing.change.pk) for subject, steps in board.steps.items()}
    board.lifted = {
        name
        for (is_caption, name), steps in untouched.items()
        if steps and not is_caption and _is_as_logged(board, steps[0])
    }
    for subject, steps in board.steps.items():
        reverted += _undo_word(undoing, board, steps, untouched[subject], work)
        board.lifted.discard(subject[1])
    undoing.done.reverted += reverted
    undoing.done.images += bool(reverted)
    if len(work.writing.operations) > operations:
        has_caption = board.caption is not None and board.caption.text != ""
        work.writing.edited[board.image.pk] = bool(board.rows) or has_caption


def _undo_word(undoing: Undoing, board: _Board, steps: list[Step], untouched: list[Step], work: _Work) -> int:
    """Take the change back on one tag or the caption; returns how many of its operations are taken back."""
    change, mine = undoing.change.pk, work.begun
    own = [step for step in steps if step.change == change]
    earlier = next((place for place, step in enumerate(steps) if step.change == mine), None)
    if earlier is not None:
        # A call with the same key was here before.
        return len(find_untouched(steps[:earlier], change))
    if untouched and not _is_as_logged(board, untouched[0]):
        work.touched.append((board, untouched[0], None))
        return 0
    if untouched:
        _put_back(undoing, board, untouched, work)
    if len(untouched) < len(own):
        other = next((step for step in reversed(steps) if step.change != change), None)
        if other is not None and other.undoes == change and not untouched:
            undoing.taken_back_by = other.change
        else:
            work.touched.append((board, own[0], other))
    return len(untouched)


def _is_as_logged(board: _Board, step: Step) -> bool:
    if step.kind == Kind.CAPTION:
        return board.caption is not None and board.caption.text == step.after
    return (step.tag in board.rows) == (step.after is not None)


def _put_back(undoing: Undoing, board: _Board, untouched: Sequence[Step], work: _Work) -> None:
    """Give a word what it was before these steps, newest first."""
    first, image_id, writing = untouched[-1], board.image.pk, work.writing
    if first.kind == Kind.CAPTION:
        now = board.caption.text if board.caption else None
        text = str(first.before or "")
        if now != text:
            writing.note(undoing.entry(), image_id, Kind.CAPTION, now, text)
            writing.set_caption(image_id, board.caption, text, undoing.by)
        return
    row = board.rows.get(first.tag)
    if first.before is None:
        if row is not None:
            del board.rows[first.tag]
            writing.removed_rows.append(row.pk)
            writing.note_removal(undoing.entry(), row)
        return
    place = _free_place(board, first, work)
    came = _how_it_had_come(untouched)
    if row is None:
        facts = as_row(came or came_just_now(Source.PERSON, undoing.by))
        row = ImageTag(image_id=image_id, tag=work.tags[first.tag], position=place, **facts)
        board.rows[first.tag] = row
        writing.new_rows.append(row)
        writing.note(undoing.entry(), image_id, Kind.ADD, None, place, first.tag, came=came)
        return
    was = how_it_came(row)
    if came is not None and came != was:
        give_back(row, came)
        writing.given_back_rows.append(row)
    if row.position != place:
        noted = None if how_it_came(row) == was else was
        writing.note(undoing.entry(), image_id, Kind.MOVE, row.position, place, first.tag, came=noted)
        row.position = place
        writing.moved_rows.append(row)


def _how_it_had_come(untouched: Sequence[Step]) -> Came | None:
    """Return how the tag had come that was there before these steps, newest first; `None` where none noted it."""
    taking = (step.had_come for step in reversed(untouched) if step.before is not None)
    return next((came for came in taking if came is not None), None)


def _free_place(board: _Board, step: Step, work: _Work) -> float:
    """Return where a tag was before a step; in front of who stands there now, where somebody does."""
    place = board.today(float(step.before or 0.0), step.number)
    others = [row for name, row in board.rows.items() if name != step.tag and name not in board.lifted]
    there = next((row for row in others if row.position == place), None)
    if there is None:
        return place
    previous = max((row.position for row in others if row.position < place), default=place - 2 * STEP)
    between = (previous + place) / 2
    if not previous < between < place:
        _number_anew(board, work)
        between = there.position - STEP / 2
    return between


def _number_anew(board: _Board, work: _Work) -> None:
    start = len(work.writing.operations)
    numbering = open_numbering(board.image.dataset_id)
    number_anew(board.rows.values(), numbering, work.writing)
    work.writing.moved_rows.extend(row for row in board.rows.values() if row.pk is not None)
    for operation in work.writing.operations[start:]:
        facts = (numbering.pk, Kind.NUMBER, operation.tag_name, operation.before, operation.after)
        board.numberings[numbering.pk].append(Step(sys.maxsize, *facts))


def _tell_left_alone(done: Undone, touched: Sequence[_Touched]) -> None:
    """Count what stays as it is, and say of the first why."""
    done.left += len(touched)
    done.left_images += len({board.image.pk for board, _step, _other in touched})
    told = touched[: max(0, MOST_TOLD - len(done.kept))]
    ids = {other.change for _board, _step, other in told if other is not None}
    changes = Change.objects.select_related("done_by").in_bulk(ids)
    for board, step, other in told:
        why = _why(other, changes[other.change]) if other is not None else _("it is not as its history says")
        done.kept.append(LeftAlone(board.image.pk, board.image.original_name, step.tag, why))


def _why(step: Step, change: Change) -> str:
    sentences = {
        Kind.ADD: _("%(who)s added it again, %(when)s"),
        Kind.REMOVE: _("%(who)s removed it, %(when)s"),
        Kind.MOVE: _("%(who)s moved it, %(when)s"),
        Kind.CAPTION: _("%(who)s wrote it anew, %(when)s"),
    }
    return sentences[Kind(step.kind)] % _who_and_when(change)


def _who_and_when(change: Change) -> dict[str, str]:
    without_person = {
        Source.SIDECAR: _("A text of an import"),
        Source.BULK: _("An edit of many pictures"),
        Source.RULE: _("A rule"),
        Source.MODEL: _("A model"),
        Source.PERSON: _("Somebody"),
    }
    who = change.done_by.get_username() if change.done_by else without_person[Source(change.source)]
    return {"who": who, "when": date_format(localtime(change.done_at), "SHORT_DATETIME_FORMAT")}
