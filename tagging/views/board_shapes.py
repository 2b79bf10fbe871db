"""The figures of the board about sizes: the sizes themselves, trainers, buckets, and what is cut off."""

from __future__ import annotations

from math import sqrt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tagging.charts import Mark, draw_bars, draw_scatter
from tagging.queries.board.shapes import MUCH, BucketUse, Shapes, SizeCut, SizeDot, TrainerFit
from tagging.views.board_words import Leads
from tagging.views.figures import Cell, Figure, Table, count_text, number_cell, share_cell, share_text

MOST_BARS, MOST_WORST_BARS = 12, 10


def sizes_figure(shapes: Shapes, trainer: str, leads: Leads) -> Figure:
    """Width and height of all pictures, and the buckets that are used."""
    dots = [(_middle(dot.widths), _middle(dot.heights), _dot_mark(dot, leads)) for dot in shapes.dots]
    squares = [
        (bucket.width, bucket.height, _("Bucket %(size)s") % {"size": _size(bucket.width, bucket.height)})
        for bucket in shapes.buckets
    ]
    rows = [
        [
            Cell(_size(dot.widths[0], dot.heights[0]) if _is_one(dot) else _span(dot), leads(dot.filter)),
            Cell(_shape(dot), is_number=True),
            number_cell(dot.images),
        ]
        for dot in shapes.dots
    ]
    caption = ngettext(
        "Width and height in pixels, %(sizes)s size. A circle is as large as there are pictures; the diamonds are "
        "the buckets that %(trainer)s sorts them into at %(base)s.",
        "Width and height in pixels, %(sizes)s sizes. A circle is as large as there are pictures; the diamonds are "
        "the buckets that %(trainer)s sorts them into at %(base)s.",
        shapes.sizes,
    ) % {"sizes": count_text(shapes.sizes), "trainer": trainer, "base": shapes.asked.base}
    is_joined = len(shapes.dots) < shapes.sizes
    return Figure(
        id="sizes",
        title=_("Sizes"),
        caption=caption,
        kind="scatter",
        drawing=draw_scatter(dots, squares),
        table=Table([_("Size"), _("Width by height"), _("Pictures")], rows),
        notes=[_("There are so many sizes that near ones share a circle.")] if is_joined else [],
    )


def trainers_figure(shapes: Shapes, images: int, leads: Leads) -> Figure:
    """What each trainer cuts off, on average."""
    rows = [
        [
            Cell(each.title, leads(each.filter) if each.filter else ""),
            number_cell(each.buckets),
            share_cell(each.cut, 1),
            number_cell(each.much_cut),
            number_cell(each.unusable),
        ]
        for each in shapes.trainers
    ]
    notes = []
    if shapes.worked_out < images:
        text = _("There are very many sizes: this is worked out for %(count)s pictures that stand for all.")
        notes.append(text % {"count": count_text(shapes.worked_out)})
    return Figure(
        id="trainers",
        title=_("What trainers cut off"),
        caption=_(
            "Trainers scale a picture to a bucket and cut off what stands out: the mean share, at %(base)s. A bar "
            "leads to the pictures that lose more than a tenth."
        )
        % {"base": shapes.asked.base},
        kind="bars",
        drawing=draw_bars([_trainer_mark(each, leads) for each in shapes.trainers], most=_scale_of(shapes.trainers)),
        table=Table(
            [_("Trainer"), _("Buckets used"), _("Cut off"), _("Pictures that lose > 10 %"), _("Not trained at all")],
            rows,
        ),
        notes=notes,
    )


def buckets_figure(shapes: Shapes, trainer: str, leads: Leads) -> Figure:
    """The buckets of the trainer asked for."""
    rows = [
        [
            Cell(_size(bucket.width, bucket.height), leads(bucket.filter) if bucket.filter else ""),
            number_cell(bucket.images),
            share_cell(bucket.cut, 1),
        ]
        for bucket in shapes.buckets
    ]
    more = shapes.more_buckets + max(0, len(shapes.buckets) - MOST_BARS)
    text = ngettext("%(count)s more bucket is used.", "%(count)s more buckets are used.", more)
    return Figure(
        id="buckets",
        title=_("Buckets of %(trainer)s") % {"trainer": trainer},
        caption=_(
            "Pictures of one bucket are trained together. A bucket with fewer pictures than a batch is filled up with "
            "repeats or makes small batches."
        ),
        kind="bars",
        drawing=draw_bars([_bucket_mark(bucket, leads) for bucket in shapes.buckets[:MOST_BARS]])
        if shapes.buckets
        else None,
        table=Table([_("Bucket"), _("Pictures"), _("Cut off")], rows),
        notes=[text % {"count": count_text(more)}] if more else [],
        empty=_("No picture fits into a bucket of this trainer."),
    )


def worst_figure(shapes: Shapes, trainer: str, leads: Leads) -> Figure:
    """The sizes that lose most."""
    rows = [
        [
            Cell(_size(size.width, size.height), leads(size.filter)),
            Cell(_size(*size.bucket)),
            number_cell(size.images),
            share_cell(size.cut, 1),
        ]
        for size in shapes.worst
    ]
    return Figure(
        id="worst",
        title=_("What loses most with %(trainer)s") % {"trainer": trainer},
        caption=_("Sizes of which more than a tenth is cut off. Crop them yourself, so that what matters stays in."),
        kind="bars",
        drawing=draw_bars([_worst_mark(size, leads) for size in shapes.worst[:MOST_WORST_BARS]])
        if shapes.worst
        else None,
        table=Table([_("Size"), _("Bucket"), _("Pictures"), _("Cut off")], rows),
        empty=_("No picture loses more than a tenth."),
    )


def _scale_of(trainers: list[TrainerFit]) -> float:
    """What fills the width: so much that a small share looks small."""
    return max(MUCH, *(each.cut for each in trainers)) if trainers else MUCH


def _trainer_mark(each: TrainerFit, leads: Leads) -> Mark:
    facts = {"trainer": each.title, "share": share_text(each.cut, 1), "count": count_text(each.much_cut)}
    title = _("%(trainer)s: %(share)s cut off on average; pictures that lose more than a tenth: %(count)s") % facts
    return Mark(each.title, each.cut, facts["share"], title, leads(each.filter) if each.filter else "")


def _bucket_mark(bucket: BucketUse, leads: Leads) -> Mark:
    size = _size(bucket.width, bucket.height)
    pictures = ngettext("%(count)s picture", "%(count)s pictures", bucket.images) % {"count": count_text(bucket.images)}
    cut = _("%(share)s cut off") % {"share": share_text(bucket.cut, 1)}
    address = leads(bucket.filter) if bucket.filter else ""
    return Mark(
        size, bucket.images, f"{count_text(bucket.images)} · {cut}", f"{size}: {pictures}, {cut}", address
    )  # fmt: skip


def _worst_mark(size: SizeCut, leads: Leads) -> Mark:
    label = f"{_size(size.width, size.height)} → {_size(*size.bucket)}"
    pictures = ngettext("%(count)s picture", "%(count)s pictures", size.images) % {"count": count_text(size.images)}
    share = share_text(size.cut, 1)
    title = _("%(sizes)s: %(pictures)s, %(share)s cut off") % {"sizes": label, "pictures": pictures, "share": share}
    return Mark(label, size.cut, f"{share} · {count_text(size.images)}", title, leads(size.filter))


def _dot_mark(dot: SizeDot, leads: Leads) -> Mark:
    label = _size(dot.widths[0], dot.heights[0]) if _is_one(dot) else _span(dot)
    pictures = ngettext("%(count)s picture", "%(count)s pictures", dot.images) % {"count": count_text(dot.images)}
    return Mark(label, dot.images, count_text(dot.images), f"{label}: {pictures}", leads(dot.filter))


def _is_one(dot: SizeDot) -> bool:
    return dot.widths[0] == dot.widths[1] and dot.heights[0] == dot.heights[1]


def _size(width: int, height: int) -> str:
    return f"{width} × {height}"


def _span(dot: SizeDot) -> str:
    width, height = (f"{low}–{high}" if low != high else str(low) for low, high in (dot.widths, dot.heights))
    return f"{width} × {height}"


def _shape(dot: SizeDot) -> str:
    return f"{_middle(dot.widths) / _middle(dot.heights):.2f}"


def _middle(span: tuple[int, int]) -> float:
    return sqrt(span[0] * span[1])
