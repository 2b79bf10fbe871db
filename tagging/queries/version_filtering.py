"""The filter language asked of a version."""

from __future__ import annotations

from django.utils.translation import gettext as _

from datasets.filter_reading import BadFilter
from tagging.filters import FilterError, parse_filter, write_filter
from tagging.filters.judging import Judge, NotJudged, judge_by
from tagging.filters.patterns import is_wild
from tagging.models import TagAlias
from tagging.queries.filter_sentences import sentence_of
from tagging.queries.likeness import is_like
from tagging.queries.tags_named import tags_like


def read_version_filter(text: str) -> Judge:
    """Return what tells of an image of a version whether a filter asks for it; every image for an empty one.

    Raises:
        BadFilter: it cannot be read, or asks for what a version does not know.
    """
    if not text.strip():
        return lambda image: True
    try:
        return judge_by(parse_filter(text), find_aliases)
    except FilterError as error:
        raise BadFilter(sentence_of(error), error.start, error.end or len(text)) from error
    except NotJudged as error:
        raise BadFilter(
            _("A version does not know “%(condition)s”: it holds words and measures, and nothing of who and when.")
            % {"condition": write_filter(error.args[0])},
            0,
            len(text),
        ) from error


def find_aliases(pattern: str) -> set[str]:
    """Return the tags that a name is another spelling of, as the vocabulary is now; none where a tag is called so."""
    if is_wild(pattern) or tags_like(pattern).exists():
        return set()
    return set(TagAlias.objects.filter(is_like("name", pattern)).values_list("tag__name", flat=True))
