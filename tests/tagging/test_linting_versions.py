"""Lint and preview of a version: what it says is judged, whatever becomes of the dataset."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from datasets.models import Dataset, DistinctPair, Image
from datasets.services.trash import move_to_trash
from tagging.linting.findings import LEVELS
from tagging.models import Caption, DatasetVersion, Tag, VersionChunk
from tagging.queries.export_preview import ExportPreview, preview_export, preview_version
from tagging.queries.linting import Finding, lint
from tagging.queries.linting_versions import lint_version
from tagging.services.exports.choosing import choose_from
from tagging.services.exports.planning import ExportPlan
from tagging.services.versions import freeze
from tagging.trainers.options import ExportOptions, default_options
from tagging.trainers.profiles import PROFILES
from tests import factories
from tests.tagging.bad_dataset import TRIGGER, World, clean_up, make_bad, make_clean
from tests.tagging.test_linting import _OF_TOKENS, all_texts_counted, counts_tokens, shown_by

pytestmark = pytest.mark.django_db

__all__ = ["all_texts_counted", "counts_tokens"]


def frozen(world: World) -> DatasetVersion:
    return freeze(world.dataset, name="as it was", by=None)


def told(findings: list[Finding]) -> list[tuple[str, str, str, int]]:
    """What a person reads of findings, but for links and what mends."""
    return [(each.rule, each.level, each.sentence, each.images) for each in findings]


def options_of_fixes(findings: list[Finding]) -> dict[str, Any]:
    return {each.rule: each.fix.options for each in findings if each.fix is not None and each.fix.mending is None}


# --- Lint -------------------------------------------------------------------------------------------------------------


def test_a_version_has_exactly_the_findings_of_its_state_for_every_trainer(counts_tokens: bool) -> None:
    world = make_bad()
    version = frozen(world)
    for profile in PROFILES:
        for options in (
            default_options(profile),
            replace(default_options(profile), filter="hat OR rain -lake", untagged="leave-out"),
        ):
            now, then = lint(world.dataset, options), lint_version(version, options)
            assert told(then) == told(now)
            assert options_of_fixes(then) == options_of_fixes(now)
            for finding, present in zip(then, now, strict=True):
                # The sums of the pictures are equal: of a version the same ones were found.
                wanted = None if finding.rule in _OF_TOKENS else present.filter
                assert finding.filter == wanted, (profile, finding)
        images = {each.rule: each.images for each in lint_version(version, default_options(profile))}
        expected = {rule: len(pks) for rule, pks in world.expected(profile).items()}
        if not counts_tokens:
            expected = {rule: count for rule, count in expected.items() if rule not in _OF_TOKENS}
        assert images == expected


def test_what_was_mended_since_is_found_in_the_version_and_not_in_the_present() -> None:
    world = make_bad()
    version = frozen(world)
    before = {profile: lint(world.dataset, default_options(profile)) for profile in PROFILES}
    clean_up(world)
    for profile in PROFILES:
        assert lint(world.dataset, default_options(profile)) == []
        findings = lint_version(version, default_options(profile))
        assert told(findings) == told(before[profile])
        for finding in findings:
            assert finding.filter is None
            assert finding.fix is None or finding.fix.mending is None
            assert finding.note.endswith(".")


def test_a_link_is_there_only_where_it_shows_just_these_pictures() -> None:
    world = make_clean()
    world.bad("lines", caption="She stands.\nHe sits.")
    world.bad("blurred", sharpness=5.0)
    version, options = frozen(world), default_options("kohya")
    world.image(caption="One.\nTwo.")
    findings = {each.rule: each for each in lint_version(version, options)}
    lines, blurred = findings["lines"], findings["blurred"]
    assert (lines.images, lines.filter) == (1, None)
    assert "The dataset is different now" in lines.note
    assert "mend the dataset as it is now" in lines.note
    assert (blurred.images, blurred.note) == (1, "")
    assert shown_by(world.dataset, blurred) == set(world.defects["blurred"])


def test_the_trigger_word_and_prefix_are_those_of_the_version() -> None:
    world = make_clean()
    world.bad("trigger-twice", caption=f"A photo of {TRIGGER} by the lake.")
    version, options = frozen(world), default_options("civitai")
    Dataset.objects.filter(pk=world.dataset.pk).update(trigger_word="", file_prefix="my test")
    world.dataset.refresh_from_db()
    version = DatasetVersion.objects.get(pk=version.pk)
    assert [each.rule for each in lint_version(version, options)] == ["trigger-twice"]
    assert {each.rule for each in lint(world.dataset, options)} == {"no-trigger", "file-prefix"}


def test_pictures_that_a_person_keeps_apart_are_no_copies_in_a_version_either() -> None:
    world = make_clean()
    world.bad("near-duplicates", times=2, dhash=0x123456789ABCDEF)
    version = frozen(world)
    assert [each.rule for each in lint_version(version, default_options("plain"))] == ["near-duplicates"]
    first, second = sorted(world.defects["near-duplicates"])
    DistinctPair.objects.create(first_id=first, second_id=second)
    assert lint_version(version, default_options("plain")) == []


def test_tags_of_a_version_are_not_used_any_more_where_the_vocabulary_says_so_now() -> None:
    world = make_clean()
    world.image(tags=("wood",))
    world.image(tags=("wood",))
    version = frozen(world)
    assert lint_version(version, default_options("plain")) == []
    Tag.objects.filter(name="wood").update(deprecated_at=world.dataset.created_at)
    (finding,) = lint_version(version, default_options("plain"))
    assert (finding.rule, finding.images) == ("deprecated-tags", 2)


def test_a_version_without_images_says_just_that() -> None:
    dataset = factories.make_dataset()
    (finding,) = lint_version(freeze(dataset, name="empty", by=None), default_options("kohya"))
    assert (finding.rule, finding.level, finding.note) == ("no-images", "error", "")


# --- Preview ----------------------------------------------------------------------------------------------------------


def texts_of(preview: ExportPreview) -> list[tuple[str, str, str]]:
    return [(each.picture_name, each.text_name, each.text) for each in preview.examples]


def test_a_preview_of_a_version_is_that_of_its_state() -> None:
    world = make_bad()
    version = frozen(world)
    world.dataset.refresh_from_db()
    for profile in PROFILES:
        for options in (
            default_options(profile),
            replace(default_options(profile), filter="hat OR rain -lake", untagged="leave-out"),
        ):
            assert preview_version(version, options) == preview_export(world.dataset, options)
    before = preview_version(version, default_options("kohya"))
    Caption.objects.filter(image__dataset=world.dataset).update(text="Something else.")
    gone = before.examples[0].image
    assert gone is not None
    move_to_trash(world.dataset, [gone.pk], by=None)
    after = preview_version(version, default_options("kohya"))
    assert texts_of(after) == texts_of(before)
    assert [each.image is None for each in after.examples] == [True] + [False] * 7
    assert (after.images, after.byte_size, after.others) == (before.images, before.byte_size, before.others)


def test_a_preview_says_what_an_export_of_the_version_writes() -> None:
    world = make_bad()
    version = frozen(world)
    clean_up(world)
    options = ExportOptions.from_json({"profile": "civitai", "filter": "w:1..500 OR has:caption umbrela"})
    chosen = choose_from(version, options)
    plan = ExportPlan(chosen.version, options, chosen.positions, chosen.total)
    written = [(each.place.picture_name, each.text_name or "", each.text) for each in plan.images(1)]
    preview = preview_version(version, options)
    assert texts_of(preview) == written
    assert len(written) == preview.images == 4
    assert preview.file_names == [plan.file_name(1)]


def test_archives_of_a_version_are_dealt_by_size_as_the_preview_says() -> None:
    dataset = factories.make_dataset(trigger_word=TRIGGER, file_prefix="garden")
    for _ in range(5):
        factories.make_image(dataset, byte_size=400_000_000, width=4096, height=4096)
    version = freeze(dataset, name="large", by=None)
    parts = {}
    for side in (None, 2048):
        options = ExportOptions.from_json({"profile": "civitai", "pixels": {"longest_side": side}})
        chosen = choose_from(version, options)
        plan = ExportPlan(chosen.version, options, chosen.positions, chosen.total)
        dealt = [[each.number for each in plan.images(part)] for part in range(1, plan.layout.part_count + 1)]
        names = [plan.file_name(part) for part in range(1, plan.layout.part_count + 1)]
        assert preview_version(version, options).file_names == names
        parts[side] = dealt
    assert parts == {None: [[1, 2], [3, 4], [5]], 2048: [[1, 2, 3, 4, 5]]}


# --- Over HTTP --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["lint", "caption-preview"])
def test_a_version_is_asked_for_by_its_id(client: Client, page: str) -> None:
    world = make_clean()
    world.bad("lines", caption="She stands.\nHe sits.")
    version = frozen(world)
    move_to_trash(world.dataset, list(world.defects["lines"]), by=None)
    address = f"/api/v1/datasets/{world.dataset.pk}/{page}"
    options = json.dumps({"profile": "kohya"})
    answer = client.get(address, {"options": options, "version": str(version.pk)}).json()
    now = client.get(address, {"options": options}).json()
    if page == "lint":
        (finding,) = answer["findings"]
        assert (finding["rule"], finding["filter"], finding["fix"]) == ("lines", None, None)
        assert "never changes" in finding["note"]
        fix = {"key": str(uuid.uuid4()), "rule": "lines", "fix": "one-line", "options": {"profile": "kohya"}}
        refused = client.post(f"{address}-fixes", {**fix, "version": version.pk}, content_type="application/json")
        assert refused.status_code == 422
        assert answer["version"] == {"id": version.pk, "number": 1, "title": "as it was"}
        assert (now["findings"], now["version"]) == ([], None)
    else:
        assert (answer["images"], now["images"]) == (25, 24)
        assert answer["file_names"] == ["garden-kohya-v1.zip"]


@pytest.mark.parametrize("page", ["lint", "caption-preview"])
def test_what_cannot_be_asked_of_a_version_is_told(client: Client, page: str) -> None:
    world = make_clean(2)
    version = frozen(world)
    other = factories.make_dataset()
    options = json.dumps({"profile": "kohya"})

    def ask(dataset: Dataset, **changes: Any) -> Any:
        asked: dict[str, Any] = {"options": options, "version": version.pk, **changes}
        return client.get(f"/api/v1/datasets/{dataset.pk}/{page}", asked)

    assert ask(other).status_code == 404
    assert ask(world.dataset, version=0).status_code == 422
    answer = ask(world.dataset, options=json.dumps({"profile": "kohya", "filter": "by:anna"}))
    assert answer.status_code == 422
    assert "A version does not know" in answer.json()["detail"]
    if page == "caption-preview":
        image = Image.objects.filter(dataset=world.dataset).first()
        assert image is not None
        assert ask(world.dataset, image=image.pk).status_code == 422
    VersionChunk.objects.filter(dataset=world.dataset).delete()
    answer = ask(world.dataset)
    assert answer.status_code == 409
    assert "backup" in answer.json()["detail"]


def test_levels_are_told_the_worst_first() -> None:
    world = make_bad()
    found = [each.level for each in lint_version(frozen(world), default_options("civitai"))]
    assert found == sorted(found, key=LEVELS.index)
    assert set(found) == set(LEVELS)
