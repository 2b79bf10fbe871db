"""What the filter language compares: counts, sizes, shapes, buckets."""

from __future__ import annotations

from django.db.models import F, Func, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Abs, Coalesce, Greatest, Length
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual

from datasets.models import ASPECT_RATIO
from tagging.buckets import borders_of
from tagging.filters.tree import Bucket, Number, Ratio
from tagging.models import Caption, ImageTag
from tagging.text import SEPARATOR

_COLUMNS = {"w": "width", "h": "height", "size": "byte_size"}


def measures(node: Number) -> Q:
    """Return that a number of an image lies where it should."""
    if node.of in _COLUMNS:
        value: Combinable = F(_COLUMNS[node.of])
    else:
        value = _count_of_tags() if node.of == "tags" else _length_of_text()
    condition = Q()
    if node.least is not None:
        condition &= Q(GreaterThanOrEqual(value, node.least))
    if node.most is not None:
        condition &= Q(LessThanOrEqual(value, node.most))
    return condition


def is_shaped(node: Ratio) -> Q:
    """Return that width by height lies where it should."""
    condition = Q()
    if node.low is not None:
        condition &= Q((GreaterThanOrEqual if node.with_low else GreaterThan)(ASPECT_RATIO, node.low))
    if node.high is not None:
        condition &= Q((LessThanOrEqual if node.with_high else LessThan)(ASPECT_RATIO, node.high))
    return condition


def is_in_bucket(node: Bucket) -> Q:
    """Return that a picture goes into a bucket, by the same sums as `tagging.buckets.bucket_of`."""
    borders = borders_of((node.width, node.height))
    way = Abs(Value(borders.ratio) - ASPECT_RATIO)
    condition = Q()
    for other, is_first in ((borders.below, borders.below_first), (borders.above, borders.above_first)):
        if other is not None:
            condition &= Q((LessThan if is_first else LessThanOrEqual)(way, Abs(Value(other) - ASPECT_RATIO)))
    return condition


def _count_of_tags() -> Combinable:
    # Without a group there is always a row, 0 for none.
    counted = ImageTag.objects.filter(image=OuterRef("pk")).annotate(count=Func("pk", function="COUNT"))
    return Subquery(counted.order_by().values("count"), output_field=IntegerField())


def _length_of_text() -> Combinable:
    """The characters of the tags and the caption as a trainer reads them, without the trigger word."""
    of_tag = Length("tag__name") + len(SEPARATOR)
    tags = ImageTag.objects.filter(image=OuterRef("pk")).order_by().annotate(length=Func(of_tag, function="SUM"))
    captions = Caption.objects.filter(image=OuterRef("pk")).exclude(text="")
    caption = captions.annotate(length=Length("text") + len(SEPARATOR)).values("length")
    total = Coalesce(Subquery(tags.values("length"), output_field=IntegerField()), 0) + Coalesce(
        Subquery(caption, output_field=IntegerField()), 0
    )
    return Greatest(total - len(SEPARATOR), 0)
