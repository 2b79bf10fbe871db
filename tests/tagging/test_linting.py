"""Lint: in a bad dataset exactly its defects are found, in a clean one none, for every trainer."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from datasets.models import Dataset, Image
from tagger_project.env import BASE_DIR
from tagging.filters.tree import CUTTERS
from tagging.linting.findings import LEVELS
from tagging.linting.rules import RULES
from tagging.models import Caption, Change, Tag
from tagging.queries import linting_tokens
from tagging.queries.board.words import get_words
from tagging.queries.export_preview import preview_export
from tagging.queries.filtering import read_filter
from tagging.queries.lint_sentences import known_wordings, label_of
from tagging.queries.linting import Finding, lint
from tagging.queries.linting_versions import lint_version
from tagging.queries.state import get_image_state
from tagging.services.bulk.running import run_job
from tagging.services.lint_fixes import NothingToMend, start_fix
from tagging.services.text_lengths import count_lengths
from tagging.services.undoing import undo_change
from tagging.services.versions import freeze
from tagging.tokens import count_tokens
from tagging.trainers.bucketing import BUCKETERS
from tagging.trainers.options import ExportOptions, default_options
from tagging.trainers.profiles import PROFILES
from tests import factories
from tests.readers.civitai import Form, Labelled
from tests.tagging.bad_dataset import TRIGGER, World, make_bad, make_clean

pytestmark = pytest.mark.django_db

# Told where the tokenizers are installed; of other texts than those that the desk shows no filter can tell them.
_OF_TOKENS = {"long-for-clip", "long-for-t5"}


@pytest.fixture(scope="module")
def counts_tokens() -> bool:
    """Whether the tokenizers are installed here."""
    counts = count_tokens("a")
    return counts.clip is not None and counts.t5 is not None


@pytest.fixture(autouse=True)
def all_texts_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine counts as many texts as an idle one."""
    monkeypatch.setattr(linting_tokens, "SECONDS", 60.0)


def shown_by(dataset: Dataset, finding: Finding) -> set[int]:
    """Return the images that the filter of a finding shows."""
    assert finding.filter is not None, finding
    return set(Image.objects.filter(read_filter(finding.filter, dataset), dataset=dataset).values_list("pk", flat=True))


def by_rule(findings: list[Finding]) -> dict[str, Finding]:
    """Return findings by the id of their rule, of which there is one each."""
    found = {finding.rule: finding for finding in findings}
    assert len(found) == len(findings)
    return found


def test_a_clean_dataset_has_no_findings_for_any_profile() -> None:
    world = make_clean()
    found = {profile: lint(world.dataset, default_options(profile)) for profile in PROFILES}
    assert found == {profile: [] for profile in PROFILES}


def test_a_bad_dataset_has_exactly_its_defects_for_every_profile_and_filters_show_them(counts_tokens: bool) -> None:
    world = make_bad()
    for profile in PROFILES.values():
        expected = world.expected(profile.slug)
        if not counts_tokens:
            expected = {rule: images for rule, images in expected.items() if rule not in _OF_TOKENS}
        for variant in profile.variants:
            found = by_rule(lint(world.dataset, default_options(profile.slug, variant.slug)))
            # Its first label is short, whatever the others are.
            if (profile.slug, variant.slug) == ("civitai", "caption"):
                assert "captions" in found.pop("label-kind").sentence
            assert sorted(found) == sorted(expected), variant
            for rule, images in expected.items():
                assert found[rule].images == len(images), (variant, rule)
                if variant is profile.variants[0]:
                    assert shown_by(world.dataset, found[rule]) == images, (rule, found[rule].filter)


def test_findings_keep_within_the_filter_of_the_export() -> None:
    world = make_bad()
    options = replace(default_options("kohya"), filter="hat OR rain -lake", untagged="leave-out")
    exported = Image.objects.filter(read_filter(options.filter, world.dataset), dataset=world.dataset, is_tagged=True)
    pks = set(exported.values_list("pk", flat=True))
    assert pks
    for finding in lint(world.dataset, options):
        if finding.filter is not None and finding.rule != "left-out":
            shown = shown_by(world.dataset, finding)
            assert shown <= pks
            assert len(shown) == finding.images, finding


# --- What concerns the dataset or the options as a whole --------------------------------------------------------------


def changed(profile: str, **changes: Any) -> ExportOptions:
    return replace(default_options(profile), **changes)


def _without_trigger(world: World) -> None:
    Dataset.objects.filter(pk=world.dataset.pk).update(trigger_word="")
    world.dataset.refresh_from_db()


def _untagged(world: World) -> None:
    world.bad(tags=None, caption=None)


def _untagged_without_trigger(world: World) -> None:
    _untagged(world)
    _without_trigger(world)


def _name(**fields: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        Dataset.objects.filter(pk=world.dataset.pk).update(**fields)
        world.dataset.refresh_from_db()

    return change


def _parentheses(world: World) -> None:
    world.bad(times=2, tags=("miku (vocaloid)",))


def _long_first(world: World) -> None:
    image = Image.objects.filter(dataset=world.dataset).in_order()[0]
    Caption.objects.filter(image=image).update(
        text="She stands by the lake and looks at the boats that come home. " * 2
    )


def _no_change(world: World) -> None:
    pass


_NO_TEXT = {"no-text": ("warning", 1)}
_JOIN = {"trigger-join": ("warning", 24)}
_PROSE_FIRST = "{trigger} {caption}, {tags}"
_KIND = {"label-kind": ("hint", 24)}


@pytest.mark.parametrize(
    ("profile", "change", "options", "expected"),
    [
        ("kohya", _without_trigger, {}, {"no-trigger": ("warning", 24)}),
        ("kohya", _without_trigger, {"template": "{tags}, {caption}"}, {}),
        ("kohya", _untagged, {}, {"only-trigger": ("warning", 1)}),
        ("kohya", _untagged, {"untagged": "leave-out"}, {"left-out": ("hint", 1)}),
        ("kohya", _untagged_without_trigger, {"template": "{tags}"}, {"no-text": ("warning", 1)}),
        ("simpletuner", _untagged_without_trigger, {"template": "{tags}"}, {"no-text": ("error", 1)}),
        ("diffusion-pipe", _untagged_without_trigger, {"template": "{tags}"}, {"no-text": ("error", 1)}),
        ("musubi-tuner", _untagged_without_trigger, {"template": "{tags}"}, {"no-text": ("error", 1)}),
        ("musubi-tuner", _untagged_without_trigger, {"template": "{tags}", "variant": "list"}, _NO_TEXT),
        ("plain", _untagged_without_trigger, {"template": "a photo of {tags}"}, {"only-trigger": ("warning", 1)}),
        ("onetrainer", _no_change, {"template": "{caption}"}, {"trigger-not-written": ("warning", 24)}),
        ("ai-toolkit", _no_change, {"template": "{caption}"}, {"trigger-not-written": ("hint", 24)}),
        ("civitai", _no_change, {"template": "{caption}"}, {"trigger-not-written": ("hint", 24)}),
        ("civitai", _no_change, {"template": "{trigger} {tags}"}, {"trigger-join": ("warning", 24)}),
        ("civitai", _no_change, {"variant": "caption", "template": "{trigger}, {caption}"}, _JOIN | _KIND),
        ("civitai", _no_change, {"variant": "caption", "template": _PROSE_FIRST}, _KIND),
        ("civitai", _long_first, {}, _KIND),
        ("civitai", _long_first, {"variant": "caption", "template": _PROSE_FIRST}, {}),
        ("civitai", _name(trigger_word="zyx (girl)"), {}, {"trigger-pattern": ("warning", 24)}),
        ("kohya", _name(trigger_word="zyx (girl)"), {}, {}),
        ("huggingface", _name(file_prefix="my test"), {}, {"file-prefix": ("hint", 24)}),
        ("kohya", _name(file_prefix="a_b_c_d_e"), {}, {}),
        ("kohya", _no_change, {"filter": "nowhere"}, {"no-images": ("error", 0)}),
        ("kohya", _parentheses, {}, {}),
    ],
)  # fmt: skip
def test_what_concerns_the_whole_is_found(
    profile: str,
    change: Callable[[World], None],
    options: dict[str, Any],
    expected: dict[str, tuple[str, int]],
) -> None:
    world = make_clean()
    change(world)
    found = by_rule(lint(world.dataset, changed(profile, **options)))
    assert {rule: (finding.level, finding.images) for rule, finding in found.items()} == expected
    for finding in found.values():
        if finding.images:
            assert len(shown_by(world.dataset, finding)) == finding.images


@pytest.mark.parametrize("caption", ["She stands. " * times for times in (1, 6, 9, 20)])
def test_civitai_s_guess_is_the_one_that_its_form_makes(caption: str) -> None:
    world = World()
    world.image(caption=caption.strip())
    for variant in ("tag", "caption"):
        options = default_options("civitai", variant)
        text = preview_export(world.dataset, options).examples[0].text
        form = Form([Labelled("1.png", text, (1024, 1024), b"")], {}, [])
        assert ("label-kind" in by_rule(lint(world.dataset, options))) == (form.kind != variant)


def test_backslashes_that_the_export_itself_writes_are_found() -> None:
    world = make_clean()
    _parentheses(world)
    options = default_options("kohya")
    options = replace(options, style=replace(options.style, escape_parentheses=True))
    (finding,) = lint(world.dataset, options)
    assert (finding.rule, finding.images) == ("escaping-style", 2)
    assert finding.fix is not None
    assert finding.fix.options == {"style": {"escape_parentheses": False}}


def _add_many(dataset: Dataset, count: int, **facts: Any) -> None:
    usual = {"dataset": dataset, "format": "PNG", "width": 1024, "height": 1024, "colour": "#808080", **facts}
    Image.objects.bulk_create(
        Image(
            position=10_000 + number,
            sha256=f"{number:064x}",
            original_name=f"more {number}.png",
            stem_key=f"{number:032x}",
            is_tagged=True,
            **usual,
        )
        for number in range(count)
    )


def test_more_images_than_civitai_takes_are_told_with_their_archives() -> None:
    world = make_clean()
    _add_many(world.dataset, 1_000, byte_size=1_000)
    found = by_rule(lint(world.dataset, default_options("civitai")))
    assert found["over-1000"].images == 1_024
    assert "2 archives" in found["over-1000"].sentence
    assert "large-archive" not in found
    others = by_rule(lint(world.dataset, default_options("kohya")))
    assert {"over-1000", "large-archive"}.isdisjoint(others)


def test_more_than_a_browser_can_hold_is_told_with_its_archives() -> None:
    world = make_clean()
    _add_many(world.dataset, 400, byte_size=6_000_000, width=4096, height=3072)
    options = default_options("civitai")
    finding = by_rule(lint(world.dataset, options))["large-archive"]
    assert "2.4 GB" in finding.sentence
    assert "3 archives" in finding.sentence
    assert finding == by_rule(lint_version(freeze(world.dataset, name="big", by=None), options))["large-archive"]
    assert len(preview_export(world.dataset, options).file_names) == 3
    # A quarter of the area, and so about a quarter of the bytes.
    assert finding.fix is not None
    shrunk = ExportOptions.from_json({"profile": "civitai", **finding.fix.options})
    assert "large-archive" not in by_rule(lint(world.dataset, shrunk))
    assert len(preview_export(world.dataset, shrunk).file_names) == 1
    assert "large-archive" not in by_rule(lint(world.dataset, default_options("kohya")))


def test_an_empty_dataset_says_just_that() -> None:
    (finding,) = lint(factories.make_dataset(), default_options("kohya"))
    assert (finding.rule, finding.level) == ("no-images", "error")


@pytest.mark.parametrize(
    ("template", "says"), [("", "look again"), ("{trigger}, {tags} | {caption}", "a template of your own")]
)
def test_texts_that_were_not_counted_are_told(
    monkeypatch: pytest.MonkeyPatch, counts_tokens: bool, template: str, says: str
) -> None:
    if not counts_tokens:
        pytest.skip("“make tokens” was not run here")
    world = make_clean()
    monkeypatch.setattr(linting_tokens, "MOST_COUNTED", 20)
    options = default_options("kohya")
    (finding,) = lint(world.dataset, replace(options, template=template or options.template))
    assert (finding.rule, finding.images, finding.filter) == ("tokens-not-counted", 4, None)
    assert says in finding.sentence


def test_texts_that_were_counted_before_are_not_counted_again(
    monkeypatch: pytest.MonkeyPatch, counts_tokens: bool
) -> None:
    if not counts_tokens:
        pytest.skip("“make tokens” was not run here")
    world = make_bad()
    expected = world.expected("onetrainer")
    count_lengths(world.dataset.pk)
    monkeypatch.setattr(linting_tokens, "MOST_COUNTED", 0)
    found = by_rule(lint(world.dataset, default_options("onetrainer")))
    assert "tokens-not-counted" not in found
    for rule in _OF_TOKENS:
        assert found[rule].images == len(expected[rule])
        assert shown_by(world.dataset, found[rule]) == expected[rule]
    assert {found[rule].filter for rule in _OF_TOKENS} == {"tokens:76..", "t5:78.."}


# --- Fixes ------------------------------------------------------------------------------------------------------------


def words_of(dataset: Dataset) -> dict[int, tuple[list[str], str]]:
    states = {image.pk: get_image_state(image) for image in Image.objects.filter(dataset=dataset)}
    return {pk: ([tag.name for tag in state.tags], state.caption) for pk, state in states.items()}


def test_a_fix_of_words_takes_its_finding_away_and_is_one_entry_that_can_be_undone() -> None:
    world = make_bad()
    options = default_options("civitai")
    before = lint(world.dataset, options)
    mended = [finding for finding in before if finding.fix is not None and finding.fix.mending is not None]
    assert {"escaped-parentheses", "deprecated-tags", "twin-tags", "lines"} <= {finding.rule for finding in mended}
    for finding in mended:
        assert finding.fix is not None
        words, entries = words_of(world.dataset), Change.objects.count()
        key = uuid.uuid4()
        job = start_fix(world.dataset, options, rule=finding.rule, fix=finding.fix.id, key=key, by=None)
        assert not run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.error) == ("DONE", ""), finding.rule
        assert job.changed == finding.images, finding.rule
        assert start_fix(world.dataset, options, rule=finding.rule, fix=finding.fix.id, key=key, by=None) == job
        assert Change.objects.count() == entries + 1
        assert finding.rule not in by_rule(lint(world.dataset, options)), finding.rule
        assert job.change is not None
        undo_change(job.change, by=None, key=uuid.uuid4())
        assert words_of(world.dataset) == words, finding.rule
    assert by_rule(lint(world.dataset, options)).keys() == by_rule(before).keys()


def test_what_fixes_leave_is_what_was_meant() -> None:
    world = make_bad()
    options = default_options("kohya")
    for finding in lint(world.dataset, options):
        if finding.fix is not None and finding.fix.mending is not None and finding.rule != "everywhere-tags":
            run_job(
                start_fix(world.dataset, options, rule=finding.rule, fix=finding.fix.id, key=uuid.uuid4(), by=None).pk
            )
    words = words_of(world.dataset).values()
    captions = {caption for _tags, caption in words}
    tags = {name for names, _caption in words for name in names}
    assert {
        "She stands. He sits.",
        "She stands.",
        "She, stands.",
        "She (left) stands.",
        "She stands, and waits.",
    } <= captions
    assert f"{TRIGGER} stands." in captions
    assert {"red", "blue", "green", "miku (vocaloid)", "forest"} <= tags
    assert not tags & {"wood", "red|||blue", "red，green", "zyx girl", "blue_sky", "[name]", r"miku \(vocaloid\)"}


@pytest.mark.parametrize("profile", ["civitai", "kohya"])
def test_a_fix_of_options_takes_its_finding_away(profile: str) -> None:
    world = make_bad()
    options = default_options(profile)
    for finding in lint(world.dataset, options):
        if finding.fix is None or finding.fix.mending is not None:
            continue
        given = json.loads(options.to_json())
        for key, value in finding.fix.options.items():
            given[key] = {**given[key], **value} if isinstance(value, dict) else value
        found = by_rule(lint(world.dataset, ExportOptions.from_json(given)))
        assert finding.rule not in found, finding.rule
        assert set(found) - {"left-out"} <= set(by_rule(lint(world.dataset, options)))


def test_what_is_mended_already_is_refused() -> None:
    world = make_clean()
    with pytest.raises(NothingToMend, match="nothing left to mend"):
        start_fix(world.dataset, default_options("kohya"), rule="lines", fix="one-line", key=uuid.uuid4(), by=None)


def test_a_successor_brings_what_follows_from_it() -> None:
    world = make_bad()
    forest = Tag.objects.get(name="forest")
    plants = Tag.objects.create(name="plants")
    forest.implications.create(implies=plants)
    run_job(
        start_fix(
            world.dataset,
            default_options("kohya"),
            rule="deprecated-tags",
            fix="successors",
            key=uuid.uuid4(),
            by=None,
        ).pk
    )
    mended = [tags for tags, _caption in words_of(world.dataset).values() if "forest" in tags]
    assert len(mended) == 2
    assert all("plants" in tags and "wood" not in tags for tags in mended)


# --- Rules, sentences and the document --------------------------------------------------------------------------------


def test_each_rule_has_a_sentence_and_concerns_profiles_that_are_there() -> None:
    for rule in RULES.values():
        assert rule.profiles <= set(PROFILES)
        wordings = [words for words in known_wordings() if words == rule.id or words.startswith(f"{rule.id}/")]
        assert wordings, rule.id
    assert {words.partition("/")[0] for words in known_wordings()} == set(RULES)


def test_what_the_filter_calls_a_trainer_is_one_that_has_buckets() -> None:
    assert set(CUTTERS) == set(BUCKETERS)


def test_sentences_are_whole_and_name_their_number() -> None:
    world = make_bad()
    for profile in PROFILES:
        for finding in lint(world.dataset, default_options(profile)):
            assert re.search(rf"\b{finding.images}\b", finding.sentence), finding
            assert "%" not in finding.sentence.replace(" %", ""), finding
            assert finding.sentence.endswith("."), finding
            assert finding.level in LEVELS
            if finding.fix is not None:
                assert label_of(finding.fix)


def test_the_document_lists_every_rule_with_those_whom_it_concerns() -> None:
    document = (BASE_DIR / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]*) \| ([^|]*) \|", document, re.MULTILINE)
    documented = {rule: who.strip() for rule, who, _level in rows}
    assert list(documented) == list(RULES)
    for rule in RULES.values():
        told = documented[rule.id]
        assert told == ("all" if not rule.profiles else ", ".join(slug for slug in PROFILES if slug in rule.profiles))


# --- Over HTTP --------------------------------------------------------------------------------------------------------


def test_findings_and_fixes_are_asked_over_http(client: Client) -> None:
    world = make_bad()
    address = f"/api/v1/datasets/{world.dataset.pk}"
    answer = client.get(f"{address}/lint", {"profile": "kohya"}).json()
    assert answer["warnings"] == sum(finding["level"] == "warning" for finding in answer["findings"]) > 0
    lines = next(finding for finding in answer["findings"] if finding["rule"] == "lines")
    assert lines["images"] == 1
    assert lines["filter"] == "has:lines"
    assert lines["fix"]["kind"] == "words"
    body = {"key": str(uuid.uuid4()), "rule": "lines", "fix": lines["fix"]["id"], "options": {"profile": "kohya"}}
    done = client.post(f"{address}/lint-fixes", body, content_type="application/json")
    assert (done.status_code, done.json()["changed"]) == (200, 1)
    body["key"] = str(uuid.uuid4())
    assert client.post(f"{address}/lint-fixes", body, content_type="application/json").status_code == 409


@pytest.mark.parametrize(
    "asked",
    [
        {"profile": "none"},
        {"options": "no json"},
        {"options": '{"profile": "kohya", "template": "{nothing}"}'},
        {"options": '{"profile": "kohya", "filter": "("}'},
        {"options": '{"profile": "kohya", "style": {"order": "sideways"}}'},
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(client: Client, asked: dict[str, str]) -> None:
    answer = client.get(f"/api/v1/datasets/{factories.make_dataset().pk}/lint", asked)
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize(("tagged", "common"), [(20, ["solo"]), (9, [])])
def test_lint_and_the_board_mean_the_same_by_nearly_everywhere(tagged: int, common: list[str]) -> None:
    """Of the pictures with tags, ten at least, and without the trigger word in any spelling."""
    dataset = factories.make_dataset(trigger_word=TRIGGER)
    for number in range(tagged):
        image = factories.make_image(dataset, width=1024, height=1024)
        # "hat" is on 80 % just.
        for name, often in (("Zyx girl", 1.0), ("solo", 0.85), ("hat", 0.8), ("sky", 0.2)):
            if number < often * tagged:
                factories.make_image_tag(image, name)
    for _ in range(10):
        factories.make_image(dataset)
        Caption.objects.create(image=factories.make_image(dataset, is_tagged=True), text="She stands.")
    found = by_rule(lint(dataset, default_options("plain"))).get("everywhere-tags")
    assert ([] if found is None else [found.filter]) == common
    assert [tag.name for tag in get_words(dataset).common] == common
