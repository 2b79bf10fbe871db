"""The figures of the board about words: tags, categories, and what goes together."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tagging.charts import Mark, draw_bars, draw_matrix
from tagging.charts.bars import LABEL_WIDTH
from tagging.charts.marks import shorten, width_of
from tagging.queries.board.filters import with_both, with_category, with_tag, without_tag
from tagging.queries.board.words import COMMON_ABOVE, CategoryUse, Pair, TagUse, Together, Words
from tagging.views.figures import Cell, Figure, Table, count_text, number_cell, share_cell, share_text

# Turns a filter into the address of the grid under it.
Leads = Callable[[str], str]

MOST_BARS, MOST_PAIRS = 25, 12
NO_COLOUR = "grey"


def tags_figure(words: Words, leads: Leads) -> Figure:
    """The most used tags."""
    caption = ngettext(
        "On how many of the %(images)s pictures that have tags each tag is. %(tags)s tag is in use.",
        "On how many of the %(images)s pictures that have tags each tag is. %(tags)s tags are in use.",
        words.tags,
    ) % {"images": count_text(words.images), "tags": count_text(words.tags)}
    return Figure(
        id="tags",
        title=_("Most used tags"),
        caption=caption,
        kind="bars",
        drawing=draw_bars([_tag_mark(tag, leads) for tag in words.top[:MOST_BARS]], most=words.images),
        table=_tag_table(words.top, leads),
    )


def categories_figure(words: Words, leads: Leads, vocabulary: str) -> Figure:
    """Pictures by the categories of their tags; `vocabulary` is where the tags without one are sorted."""
    marks = [_category_mark(category, leads, vocabulary) for category in words.categories]
    rows = [
        [
            Cell(_name_of(category), _category_address(category, leads, vocabulary), category.colour),
            number_cell(category.images),
            share_cell(category.share),
            number_cell(category.tags),
            number_cell(category.uses),
        ]
        for category in words.categories
    ]
    return Figure(
        id="categories",
        title=_("Categories"),
        caption=_("How many pictures have a tag of each category: a short bar is something that is rarely said."),
        kind="bars",
        drawing=draw_bars(marks, most=words.images),
        table=Table([_("Category"), _("Pictures"), _("Share"), _("Tags"), _("Uses")], rows),
    )


def common_figure(words: Words, leads: Leads) -> Figure:
    """Tags on nearly all pictures."""
    rows = [
        [
            Cell(tag.name, leads(with_tag(tag.name)), tag.colour),
            number_cell(tag.images),
            share_cell(tag.share),
            number_cell(words.images - tag.images, leads(without_tag(tag.name))),
        ]
        for tag in words.common
    ]
    return Figure(
        id="common",
        title=_("Tags on nearly every picture"),
        caption=_(
            "What stands on more than 80 % of the pictures is learned as part of what the dataset is about, and takes "
            "from the trigger word. Keep what shall be changeable, remove what shall always be there."
        ),
        kind="bars",
        drawing=draw_bars(
            [_tag_mark(tag, leads) for tag in words.common[:MOST_BARS]],
            most=words.images,
            limits=[(COMMON_ABOVE * words.images, share_text(COMMON_ABOVE))],
        )
        if words.common
        else None,
        table=Table([_("Tag"), _("Pictures"), _("Share"), _("Pictures without it")], rows),
        notes=[_("The upright line marks 80 %.")],
        empty=_("No tag is on more than 80 % of the pictures that have tags, or these are fewer than ten."),
    )


def together_figure(together: Together, leads: Leads) -> Figure:
    """What goes together, of the most used tags."""
    tags, counts = together.tags, together.images
    cells = [
        [_together_mark(row, column, counts[y][x], leads) for x, column in enumerate(tags)]
        for y, row in enumerate(tags)
    ]
    rows = [
        [
            Cell(row.name, leads(with_tag(row.name)), row.colour),
            *(
                Cell(share_text(counts[y][x] / row.images), cells[y][x].address, is_number=True)
                for x in range(len(tags))
            ),
        ]
        for y, row in enumerate(tags)
    ]
    return Figure(
        id="together",
        title=_("What goes together"),
        caption=_(
            "Of the pictures with the tag of a row, how many in a hundred also have the tag of the column. Two tags "
            "that are always together are learned as one."
        ),
        kind="matrix",
        drawing=draw_matrix([_tag_mark(tag, leads) for tag in tags], cells) if len(tags) > 1 else None,
        table=Table([_("Tag"), *(tag.name for tag in tags)], rows),
        empty=_("There are not two tags yet."),
    )


def pairs_figure(together: Together, leads: Leads) -> Figure:
    """The pairs of the most used tags that are most often together."""
    pairs = together.pairs()
    rows = [
        [
            Cell(f"{pair.first} + {pair.second}", leads(with_both(pair.first, pair.second))),
            number_cell(pair.images),
            share_cell(pair.share),
        ]
        for pair in pairs
    ]
    return Figure(
        id="pairs",
        title=_("Most often together"),
        caption=_("Of the pictures that have one of the two tags, how many have both."),
        kind="bars",
        drawing=draw_bars([_pair_mark(pair, leads) for pair in pairs[:MOST_PAIRS]], most=1.0) if pairs else None,
        table=Table([_("Tags"), _("Pictures with both"), _("Share")], rows),
        empty=_("No two tags are on a picture together."),
    )


def _pair_mark(pair: Pair, leads: Leads) -> Mark:
    names, share = f"{pair.first} + {pair.second}", share_text(pair.share)
    pictures = ngettext("%(count)s picture", "%(count)s pictures", pair.images) % {"count": count_text(pair.images)}
    title = _("%(tags)s: both on %(pictures)s, %(share)s of those with either")
    return Mark(
        label=_pair_label(pair),
        value=pair.share,
        number=share,
        title=title % {"tags": names, "pictures": pictures, "share": share},
        address=leads(with_both(pair.first, pair.second)),
    )


def _pair_label(pair: Pair) -> str:
    """Return both names; neither is cut for the other's sake while there is room."""
    room = LABEL_WIDTH - len(" + ")
    first, second = width_of(pair.first), width_of(pair.second)
    half = room // 2
    most_first = max(half, room - second)
    most_second = max(half, room - min(first, most_first))
    return f"{shorten(pair.first, most_first)} + {shorten(pair.second, most_second)}"


def _tag_mark(tag: TagUse, leads: Leads) -> Mark:
    pictures = ngettext("%(count)s picture", "%(count)s pictures", tag.images) % {"count": count_text(tag.images)}
    name = f"{tag.name} ({tag.category})" if tag.category else tag.name
    return Mark(
        label=tag.name,
        value=tag.images,
        number=f"{count_text(tag.images)} · {share_text(tag.share)}",
        title=_("%(tag)s: on %(pictures)s, %(share)s")
        % {"tag": name, "pictures": pictures, "share": share_text(tag.share)},
        address=leads(with_tag(tag.name)),
        colour=tag.colour or NO_COLOUR,
        kind=tag.category,
    )


def _tag_table(tags: list[TagUse], leads: Leads) -> Table:
    rows = [
        [
            Cell(tag.name, leads(with_tag(tag.name)), tag.colour),
            Cell(tag.category, colour=tag.colour),
            number_cell(tag.images),
            share_cell(tag.share),
        ]
        for tag in tags
    ]
    return Table([_("Tag"), _("Category"), _("Pictures"), _("Share")], rows)


def _category_mark(category: CategoryUse, leads: Leads, vocabulary: str) -> Mark:
    title = ngettext(
        "%(category)s: on %(pictures)s pictures, %(share)s; %(tags)s tag",
        "%(category)s: on %(pictures)s pictures, %(share)s; %(tags)s tags",
        category.tags,
    )
    return Mark(
        label=_name_of(category),
        value=category.images,
        number=f"{count_text(category.images)} · {share_text(category.share)}",
        title=title
        % {
            "category": _name_of(category),
            "pictures": count_text(category.images),
            "share": share_text(category.share),
            "tags": count_text(category.tags),
        },
        address=_category_address(category, leads, vocabulary),
        colour=category.colour or NO_COLOUR,
    )


def _name_of(category: CategoryUse) -> str:
    return category.name or _("no category")


def _category_address(category: CategoryUse, leads: Leads, vocabulary: str) -> str:
    return leads(with_category(category.name)) if category.name else vocabulary


def _together_mark(row: TagUse, column: TagUse, count: int, leads: Leads) -> Mark:
    share = count / row.images
    facts = {"row": row.name, "column": column.name, "share": share_text(share), "count": count_text(count)}
    if row.name == column.name:
        title = ngettext("%(row)s: on %(count)s picture", "%(row)s: on %(count)s pictures", count) % facts
        return Mark(row.name, share, "", title, leads(with_tag(row.name)))
    title = _("%(row)s, also with %(column)s: %(share)s (%(count)s)") % facts
    address = leads(with_both(row.name, column.name)) if count else ""
    # Two figures have room; all of them is a word of its own.
    number = str(min(99, max(1, round(100 * share)))) if 0 < share < 1 else ("100" if share else "")
    return Mark(column.name, share, number, title, address)
