"""The filter language as a query: the one place that knows how each condition is asked of the database."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, Lookup, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower, Replace
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext as _

from datasets.filter_reading import BadFilter
from datasets.models import Dataset, ReviewState
from tagging.filters import And, Caption, FilterError, Is, Node, Not, State, Tag, parse_filter
from tagging.filters.tree import KINDS, STATES
from tagging.models import Caption as CaptionRow
from tagging.models import ImageTag
from tagging.models import Tag as TagRow

__all__ = ["BadFilter", "read_filter", "tags_like"]

# More are not named one by one: a statement has a largest number of values.
_MOST_WORDS = 1_000


def read_filter(text: str, dataset: Dataset | None = None) -> Q:
    """Return which images a filter asks for, as a condition on `Image`; it stands for what is true when it is asked.

    Raises:
        BadFilter: it cannot be read.
    """
    try:
        return _condition(parse_filter(text))
    except FilterError as error:
        raise BadFilter(_sentence(error), error.start, error.end) from error


def _sentence(error: FilterError) -> str:
    values = {"given": error.given, "place": error.start + 1}
    if error.code == "unclosed":
        return _('The quote at %(place)d is not closed: put another " behind the last word.') % values
    if error.code == "is":
        return _("is: knows %(known)s; “%(given)s” is none of them.") % {**values, "known": ", ".join(KINDS)}
    if error.code == "state":
        return _("state: knows %(known)s; “%(given)s” is none of them.") % {**values, "known": ", ".join(STATES)}
    return _("Nothing stands behind “%(given)s” at %(place)d: write what is looked for, or leave it out.") % values


def _condition(node: Node) -> Q:
    if isinstance(node, And):
        return Q(*(_condition(each) for each in node.nodes))
    if isinstance(node, Not):
        return ~_condition(node.node)
    if isinstance(node, Tag):
        return _has_tag(node.pattern)
    if isinstance(node, Is):
        return Q(is_tagged=node.kind == "tagged")
    if isinstance(node, State):
        return Q(review_state=ReviewState[node.state.upper().replace("-", "_")])
    if isinstance(node, Caption):
        return Q(Exists(CaptionRow.objects.filter(image=OuterRef("pk"), text__icontains=node.text)))
    return _is_named(node.pattern)


def _has_tag(pattern: str) -> Q:
    """Find the words first: where there are few of them, each picture is then one step along an index."""
    found = tags_like(pattern).values("pk")
    words = list(found.values_list("pk", flat=True)[: _MOST_WORDS + 1])
    if not words:
        return Q(pk__in=[])
    on_images = ImageTag.objects.filter(image=OuterRef("pk"))
    return Q(Exists(on_images.filter(tag__in=words) if len(words) <= _MOST_WORDS else on_images.filter(tag__in=found)))


def tags_like(pattern: str) -> QuerySet[TagRow]:
    """Return the tags of a name; case and underscores do not count, and `*` stands for anything."""
    return TagRow.objects.filter(_begins_like(pattern), _like("name", pattern))


def _begins_like(pattern: str) -> Q:
    """Narrow a hundred thousand words to those with this first letter, along the index of names."""
    first = pattern[0]
    if not (first.isascii() and first.isalpha()):
        return Q()
    condition = Q()
    for letter in (first.lower(), first.upper()):
        # Behind the last letter each collation has something else.
        end = Q() if letter in "zZ" else Q(name__lt=chr(ord(letter) + 1))
        condition |= Q(end, name__gte=letter)
    return condition


def _is_named(pattern: str) -> Q:
    return _like("original_name", pattern if "*" in pattern else f"*{pattern}*")


def _like(field: str, pattern: str) -> Q:
    # A database may know the capitals of ASCII only: then others are found as they are typed, and small.
    typed = _escaped(pattern)
    spellings = dict.fromkeys([typed.lower(), typed])
    folded = Lower(Replace(field, Value("_"), Value(" ")))
    condition = Q()
    for spelling in spellings:
        condition |= Q(_Like(folded, Value(spelling)))
    return condition


def _escaped(pattern: str) -> str:
    blank = pattern.replace("_", " ")
    for sign in "!%":
        blank = blank.replace(sign, f"!{sign}")
    return blank.replace("*", "%")


class _Like(Lookup[str]):
    """`LIKE` with a pattern of our own: Django's lookups escape every sign of it."""

    lookup_name = "like"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        """Write it; `!` goes before signs that mean themselves."""
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return f"{left} LIKE {right} ESCAPE '!'", (*left_values, *right_values)
