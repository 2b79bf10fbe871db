"""One tag of the vocabulary on its page: told, changed, shown by pictures chosen on the desk and in the grid."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

_VOCABULARY = """
from tagging.services.implications import add_implication
from tagging.services.vocabulary import get_tags
lake, water, nature = get_tags(["lake", "water", "nature"])
add_implication(lake, water)
add_implication(water, nature)
"""


def look(page: Page, name: str) -> None:
    """Check a page for everybody, and keep pictures of it where a person asked for them."""
    folder = os.environ.get("TAGGER_SCREENSHOTS")
    for size, theme in (((1440, 900), "light"), ((1440, 900), "dark"), ((390, 844), "light")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        if folder:
            page.screenshot(path=f"{folder}/{name}-{size[0]}-{theme}.png")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


def part(page: Page, name: str) -> Locator:
    return page.locator(f"[data-word-dialog] [data-part={name}]")


def test_a_tag_is_described_and_ruled_by_keyboard(
    desk: Desk, page: Page, running_program: RunningProgram, problems: Problems
) -> None:
    running_program.manage("shell", "--verbosity=0", "-c", _VOCABULARY)
    page.goto(f"{desk.url}/vocabulary/?show=all&q=nature")
    page.get_by_role("link", name="nature").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="nature", exact=True)
    expect(dialog).to_be_visible()
    expect(part(page, "implies")).to_contain_text("Follows from water.")
    look(page, "word-empty")
    # A circle is refused with the way it would lead.
    field = dialog.get_by_label("A tag that follows from it")
    field.fill("lake")
    field.press("Enter")
    expect(part(page, "implies").get_by_role("alert")).to_contain_text("“nature” → “lake” → “water” → “nature”")
    problems.allow_failed_requests()  # the browser tells of every refusal
    field.fill("snow")
    field.press("Enter")
    expect(part(page, "implies").locator(".chip")).to_have_text("snow")
    expect(field).to_be_focused()
    dialog.get_by_role("button", name="Take snow away").press("Enter")
    expect(part(page, "implies").locator(".chip")).to_have_count(0)
    expect(field).to_be_focused()
    dialog.get_by_label("Another name").fill("outdoor scenery")
    dialog.get_by_label("Another name").press("Enter")
    expect(part(page, "aliases").locator(".chip")).to_have_text("outdoor scenery")
    dialog.get_by_label("Category").select_option(label="meta")
    dialog.get_by_label("What takes its place, if anything").fill("lake")
    dialog.get_by_role("button", name="Take out of use").press("Enter")
    expect(part(page, "use")).to_contain_text("“lake” takes its place")
    dialog.get_by_role("button", name="Use it again").press("Enter")
    expect(part(page, "use")).to_contain_text("It may be used.")
    dataset = dialog.get_by_label("A dataset that it is meant for")
    dataset.select_option(value=str(desk.dataset_id))
    dialog.locator("[data-part=datasets]").get_by_role("button", name="Add").press("Enter")
    expect(part(page, "datasets").locator(".chip")).to_have_count(1)
    # What was written is kept also by who closes right away.
    dialog.get_by_label("What it is for").fill("What grew by itself.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    row = page.locator("[data-word]", has=page.get_by_role("link", name="nature"))
    expect(row).to_contain_text("What grew by itself.")
    expect(row).to_contain_text("meta")
    expect(row).to_contain_text("outdoor scenery")
    expect(page.get_by_role("link", name="nature")).to_be_focused()


_LONG = """
from datasets.models import Dataset, Image
from tagging.models import Tag, TagAlias, TagExample, TagScope
from tagging.services.implications import add_implication
from tagging.services.vocabulary import get_tags
dataset = Dataset.objects.get(pk=%d)
names = ["a_tag_with_a_very_long_name_" + "that_goes_on_and_on_" * 6]
tag, *others = get_tags([*names, *(f"something that follows {n}" for n in range(4))])
Tag.objects.filter(pk=tag.pk).update(description="What it is for, told at length and with care. " * 12)
for other in others:
    add_implication(tag, other)
TagAlias.objects.bulk_create(TagAlias(tag=tag, name=f"another name of it or nearly {n}") for n in range(30))
TagExample.objects.bulk_create(TagExample(tag=tag, image=image) for image in Image.objects.filter(dataset=dataset)[:6])
TagScope.objects.create(tag=tag, dataset=dataset)
from tagging.services.labelling import Edit, apply_edits
import uuid
apply_edits(Image.objects.get(pk=%d), [Edit(key=uuid.uuid4(), kind="ADD", tag=tag.name)], by=None)
"""


def test_pictures_are_chosen_in_the_grid_and_on_the_desk_and_shown_there(
    make_desk: Callable[..., Desk], page: Page, running_program: RunningProgram
) -> None:
    desk = make_desk(page, pictures=7, words=["brook", "zugspitz"])
    # In the grid: what is selected.
    page.goto(f"{desk.url}/datasets/{desk.dataset_id}/")
    cells = page.locator("[data-grid] [role=gridcell]")
    cells.nth(3).click(modifiers=["Control"])
    cells.nth(4).click(modifiers=["Control"])
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Use as examples of a tag").click()
    asked = page.get_by_role("dialog", name="Use 2 pictures as examples of…")
    asked.get_by_label("Tag", exact=True).fill("zugspitz")
    look(page, "example-grid")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 pictures more show “zugspitz”.")).to_be_visible()
    # On the desk: told beside the picture without anything moving, and this one added with one press.
    desk.open(2)
    box = desk.box.bounding_box()
    desk.type("zug")
    expect(page.get_by_role("option", name="zugspitz").first).to_be_visible()
    desk.press("Alt+m")
    panel = page.get_by_role("region", name="What a tag is for")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    expect(desk.box).to_be_focused()
    assert desk.box.bounding_box() == box
    desk.press("Escape")
    desk.type("brook")
    desk.press("Control+Enter")
    page.locator(".chip__name", has_text="brook").click()
    expect(panel).to_contain_text("brook")
    expect(panel).to_contain_text("Nobody said yet what it is for.")
    panel.get_by_role("button", name="Use this picture as an example").click()
    expect(panel.get_by_role("listitem")).to_have_count(1)
    expect(panel.get_by_role("button", name="Take this picture out of them")).to_be_focused()
    look(page, "about")
    page.locator(".chip__name", has_text="brook").click()
    desk.press("m")
    expect(panel).to_be_hidden()
    # By name, too.
    desk.press("Control+k")
    page.keyboard.type("example of")
    page.keyboard.press("Enter")
    asked = page.get_by_role("dialog", name="Use this picture as an example of…")
    expect(asked.get_by_role("button", name="brook")).to_be_visible()
    page.keyboard.type("zugspitz")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A picture more shows “zugspitz”.")).to_be_visible()
    page.goto(f"{desk.url}/vocabulary/?q=zugspitz")
    page.get_by_role("link", name="zugspitz").click()
    shown = part(page, "examples").get_by_role("listitem")
    expect(shown).to_have_count(3)
    part(page, "examples").get_by_role("button").first.click()
    expect(shown).to_have_count(2)


@pytest.mark.heavy
def test_much_is_said_of_a_tag_and_fits_everywhere(
    make_desk: Callable[..., Desk], page: Page, running_program: RunningProgram
) -> None:
    desk = make_desk(page, pictures=7)
    running_program.manage("shell", "--verbosity=0", "-c", _LONG % (desk.dataset_id, desk.image_ids[6]))
    page.goto(f"{desk.url}/vocabulary/?q=a_tag_with")
    page.get_by_role("link", name="a_tag_with").click()
    expect(part(page, "examples").get_by_role("listitem")).to_have_count(6)
    look(page, "word-full")
    desk.open(7)
    page.locator(".chip__name").first.click()
    desk.press("m")
    expect(page.get_by_role("region", name="What a tag is for").get_by_role("listitem")).to_have_count(6)
    look(page, "about-full")
    page.goto(f"{desk.url}/admin/tagging/tag/?q=a_tag_with")
    page.locator("#result_list tbody th a").first.click()
    expect(page.locator(".field-picture img")).to_have_count(6)
    if folder := os.environ.get("TAGGER_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/admin-tag.png", full_page=True)
