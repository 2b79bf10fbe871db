"""What lint says that an export does is what the export does."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from datasets.models import Dataset, Image
from tagging.models import Tag, TagCategory
from tagging.queries.filtering import read_filter
from tagging.queries.linting import Finding, lint
from tagging.queries.version_state import read_state
from tagging.trainers.layouts import lay_out
from tagging.trainers.options import ExportOptions, default_options
from tagging.trainers.records import FrozenImage
from tests.tagging.bad_dataset import TRIGGER, make_bad, make_clean

pytestmark = pytest.mark.django_db


def exported(dataset: Dataset) -> dict[int, FrozenImage]:
    """The images as a version of now holds them, by their numbers."""
    pks = dict(Image.objects.filter(dataset=dataset).values_list("position", "pk"))
    return {pks[image.position]: image for image in read_state(dataset.pk).images()}


def texts(dataset: Dataset, options: ExportOptions) -> dict[int, str]:
    """The texts as an export writes them."""
    head, template = read_state(dataset.pk).head, options.read_template()
    return {pk: template.compose(head, image, options.style) for pk, image in exported(dataset).items()}


def shown(dataset: Dataset, findings: list[Finding], *rules: str) -> set[int]:
    """The images that the filters of these findings show."""
    found: set[int] = set()
    for finding in findings:
        if finding.rule in rules:
            assert finding.filter is not None
            images = Image.objects.filter(read_filter(finding.filter, dataset), dataset=dataset)
            found |= set(images.values_list("pk", flat=True))
    return found


def test_what_is_said_to_be_written_anew_is_what_is_not_kept() -> None:
    dataset = make_bad().dataset
    options = default_options("kohya")
    converted = {pk for pk, image in exported(dataset).items() if not options.pixels.keeps(image)}
    findings = lint(dataset, options)
    assert shown(dataset, findings, "turned", "other-formats", "other-pixels") == converted != set()
    (gif,) = (finding for finding in findings if finding.rule == "other-formats")
    assert "as PNG" in gif.sentence
    assert all(options.pixels.extension_of(exported(dataset)[pk]) in {"png", "jpg"} for pk in converted)


def test_what_is_said_to_be_folded_or_left_out_is_not_in_any_text() -> None:
    dataset = make_bad().dataset
    options = default_options("plain")
    findings = lint(dataset, options)
    written = texts(dataset, options)
    assert "\n" not in "".join(written.values())
    assert not re.search("[\u200b\ufeff]", "".join(written.values()))
    (line,) = shown(dataset, findings, "lines")
    assert "She stands. He sits." in written[line]
    (sign,) = shown(dataset, findings, "invisible")
    assert written[sign].endswith("She stands.")


@pytest.mark.parametrize(
    "template",
    ["{tags}", "{caption}", "{tags}, {caption}", "{tags:place}", "{tags:place,thing}, {caption}", "{?by {tags:place}}"],
)
def test_images_that_are_said_to_have_no_text_are_those_without_one(template: str) -> None:
    dataset = make_bad().dataset
    for name in ("place", "thing"):
        category = TagCategory.objects.create(name=name)
        Tag.objects.filter(name={"place": "lake", "thing": "boat"}[name]).update(category=category)
    options = replace(default_options("simpletuner"), template=template)
    empty = {pk for pk, text in texts(dataset, options).items() if not text}
    assert shown(dataset, lint(dataset, options), "no-text") == empty != set()


@pytest.mark.parametrize("template", ["{trigger}, {tags}", "{trigger} {caption}", "{trigger}, {tags}, {caption}"])
def test_images_that_are_said_to_have_the_trigger_word_alone_have_it_alone(template: str) -> None:
    dataset = make_bad().dataset
    options = replace(default_options("kohya"), template=template)
    alone = {pk for pk, text in texts(dataset, options).items() if text == TRIGGER}
    assert shown(dataset, lint(dataset, options), "only-trigger") == alone != set()


def test_texts_that_are_said_to_have_the_trigger_word_twice_have_it_twice_and_no_others() -> None:
    dataset = make_bad().dataset
    options = default_options("kohya")
    said = shown(dataset, lint(dataset, options), "trigger-twice", "trigger-as-tag")
    pattern = re.compile(r"\bzyx[ _]girl\b", re.IGNORECASE)
    twice = {pk for pk, text in texts(dataset, options).items() if len(pattern.findall(text)) > 1}
    assert said == twice != set()


@pytest.mark.parametrize("prefix", ["my test", "train", "Ünï cödé", "con", "a.b", "fine_name"])
def test_the_prefix_that_is_told_is_the_one_that_files_get(prefix: str) -> None:
    dataset = make_clean(2).dataset
    Dataset.objects.filter(pk=dataset.pk).update(file_prefix=prefix)
    dataset.refresh_from_db()
    options = default_options("huggingface")
    stems = lay_out(options.rules, options, read_state(dataset.pk).head, 2)
    told = [finding.sentence for finding in lint(dataset, options) if finding.rule == "file-prefix"]
    is_kept = stems.prefix == prefix.replace("_", "-")
    assert told == [] if is_kept else f"“{stems.prefix}-0001”" in told[0]
