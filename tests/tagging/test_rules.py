"""What a name means in a dataset: aliases, spelling, scope, what is not used any more, and what is implied."""

from __future__ import annotations

import pytest
from django.utils import timezone

from datasets.models import Dataset
from tagging.models import DatasetVocabulary, Spelling, Tag, TagAlias, TagImplication, TagScope
from tagging.services.rules import Settled, TagDeprecated, settle, words_meant
from tests import factories

pytestmark = pytest.mark.django_db


def tag(name: str, *, deprecated: bool = False, successor: Tag | None = None) -> Tag:
    made, _ = Tag.objects.update_or_create(
        name=name, defaults={"deprecated_at": timezone.now() if deprecated else None, "successor": successor}
    )
    return made


def implies(name: str, *others: str) -> None:
    for other in others:
        TagImplication.objects.create(
            tag=Tag.objects.get_or_create(name=name)[0], implies=Tag.objects.get_or_create(name=other)[0]
        )


def spell(dataset: Dataset, spelling: Spelling) -> None:
    DatasetVocabulary.objects.update_or_create(dataset=dataset, defaults={"spelling": spelling})


def meant(settled: Settled) -> dict[str, str]:
    return {name: found.name for name, found in settled.tags.items()}


def implied(settled: Settled) -> dict[str, list[str]]:
    return {name: [found.name for found in tags] for name, tags in settled.implied.items()}


def test_a_name_means_its_tag_its_alias_or_becomes_a_tag(dataset: Dataset) -> None:
    TagAlias.objects.create(name="smiling", tag=tag("smile"))
    settled = settle(["smiling", "smile", "fresh"], dataset.pk)
    assert meant(settled) == {"smiling": "smile", "smile": "smile", "fresh": "fresh"}
    assert Tag.objects.filter(name="fresh").exists()
    assert not Tag.objects.filter(name="smiling").exists()


def test_what_is_implied_follows_near_things_first_and_in_one_order(dataset: Dataset) -> None:
    implies("kimono", "clothes", "japanese clothes")
    implies("japanese clothes", "japan")
    implies("clothes", "thing")
    assert implied(settle(["kimono"], dataset.pk)) == {"kimono": ["clothes", "japanese clothes", "thing", "japan"]}


def test_a_circle_in_the_table_ends(dataset: Dataset) -> None:
    implies("a", "b")
    implies("b", "c")
    implies("c", "a")
    assert implied(settle(["a", "c"], dataset.pk)) == {"a": ["b", "c"], "c": ["a", "b"]}


def test_a_tag_that_is_not_used_any_more_is_refused_with_its_successor_named(dataset: Dataset) -> None:
    last = tag("hatsune miku")
    between = tag("miku hatsune", deprecated=True, successor=last)
    TagAlias.objects.create(name="miku", tag=tag("vocaloid miku", deprecated=True, successor=between))
    for name in ("vocaloid miku", "miku", "miku hatsune"):
        with pytest.raises(TagDeprecated, match="hatsune miku") as caught:
            settle([name, "fresh"], dataset.pk)
        assert caught.value.successor == "hatsune miku"
    assert not Tag.objects.filter(name="fresh").exists()


def test_what_brings_many_names_gets_the_successor_and_is_told(dataset: Dataset) -> None:
    tag("old", deprecated=True, successor=tag("new"))
    tag("gone", deprecated=True)
    settled = settle(["old", "gone", "plain"], dataset.pk, replace_deprecated=True)
    assert meant(settled) == {"old": "new", "plain": "plain"}
    assert "“new”" in settled.replaced["old"]
    assert list(settled.refused) == ["gone"]


def test_tags_that_succeed_each_other_in_a_circle_are_refused(dataset: Dataset) -> None:
    one = tag("one", deprecated=True)
    tag("one", deprecated=True, successor=tag("two", deprecated=True, successor=one))
    with pytest.raises(TagDeprecated, match="nothing takes its place"):
        settle(["one"], dataset.pk)


def test_an_implied_tag_that_is_not_used_any_more_gives_way_to_its_successor(dataset: Dataset) -> None:
    implies("kimono", "garb", "rag")
    tag("garb", deprecated=True, successor=tag("clothes"))
    tag("rag", deprecated=True)
    implies("clothes", "thing")
    assert implied(settle(["kimono"], dataset.pk)) == {"kimono": ["clothes", "thing"]}


@pytest.mark.parametrize(
    ("spelling", "typed", "stored"),
    [
        (Spelling.AS_TYPED, "red_dress", "red_dress"),
        (Spelling.SPACES, "red_dress", "red dress"),
        (Spelling.SPACES, "miku_(vocaloid)", "miku (vocaloid)"),
        (Spelling.SPACES, ">_<", ">_<"),
        (Spelling.SPACES, "o_o", "o_o"),
        (Spelling.SPACES, "赤_服", "赤 服"),
        (Spelling.UNDERSCORES, "red dress", "red_dress"),
        (Spelling.UNDERSCORES, "платье в горошек", "платье_в_горошек"),
        (Spelling.UNDERSCORES, "o o", "o o"),
    ],
)
def test_blanks_and_underscores_are_as_the_dataset_says(
    dataset: Dataset, spelling: Spelling, typed: str, stored: str
) -> None:
    spell(dataset, spelling)
    assert meant(settle([typed], dataset.pk)) == {typed: stored}
    assert words_meant([typed], dataset.pk) == {typed: stored}


def test_a_word_keeps_the_rules_that_it_has_in_another_spelling(dataset: Dataset) -> None:
    spell(dataset, Spelling.SPACES)
    implies("hatsune_miku", "vocaloid_singer")
    implies("vocaloid_singer", "twin tails")
    TagAlias.objects.create(name="miku_h", tag=tag("hatsune_miku"))
    tag("old_word", deprecated=True, successor=tag("new_word"))
    for typed in ("hatsune miku", "hatsune_miku", "miku_h", "miku h"):
        settled = settle([typed], dataset.pk)
        assert meant(settled) == {typed: "hatsune miku"}
        assert implied(settled) == {typed: ["vocaloid singer", "twin tails"]}
    with pytest.raises(TagDeprecated, match="new word"):
        settle(["old word"], dataset.pk)


def test_a_tag_whose_place_its_other_spelling_took_is_the_same_word(dataset: Dataset) -> None:
    spell(dataset, Spelling.SPACES)
    tag("red_dress", deprecated=True, successor=tag("red dress"))
    assert meant(settle(["red_dress"], dataset.pk)) == {"red_dress": "red dress"}


def test_the_rules_of_a_tag_that_is_meant_for_one_dataset_hold_there_alone(dataset: Dataset) -> None:
    other = factories.make_dataset()
    alice = tag("alice (ours)")
    TagScope.objects.create(tag=alice, dataset=dataset)
    TagAlias.objects.create(name="alice", tag=alice)
    implies("alice (ours)", "girl")
    tag("shoe", deprecated=True, successor=tag("footwear"))
    TagScope.objects.create(tag=tag("shoe", deprecated=True, successor=tag("footwear")), dataset=dataset)
    assert meant(settle(["alice"], other.pk)) == {"alice": "alice"}
    assert meant(settle(["alice"], dataset.pk)) == {"alice": "alice (ours)"}, "though others have that word by now"
    assert implied(settle(["alice (ours)"], dataset.pk)) == {"alice (ours)": ["girl"]}
    assert implied(settle(["alice (ours)"], other.pk)) == {"alice (ours)": []}
    assert meant(settle(["shoe"], other.pk)) == {"shoe": "shoe"}


def test_settling_thousands_costs_as_many_queries_as_settling_one(
    dataset: Dataset, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    names = [f"tag {number}" for number in range(1500)]
    for number in range(0, 1500, 3):
        implies(names[number], names[number + 1])
    settle(names, dataset.pk)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        settle(names, dataset.pk)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        settle(names[:1], dataset.pk)


def test_settled_twice_a_name_stays(dataset: Dataset) -> None:
    spell(dataset, Spelling.UNDERSCORES)
    TagAlias.objects.create(name="smiling face", tag=tag("big smile"))
    once = settle(["smiling face"], dataset.pk).tags["smiling face"].name
    assert meant(settle([once], dataset.pk)) == {once: "big_smile"}
