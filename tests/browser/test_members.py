"""Members and accounts in a real browser: an owner invites, a viewer looks, everybody gets through their account."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tagger_project.env import BASE_DIR
from tests.browser.axe import Axe
from tests.program import RunningProgram, clean_environment

pytestmark = [pytest.mark.browser, pytest.mark.flow]

LOGINS = {"AUTH_MODE": "password", "EMAIL_URL": "consolemail://"}
LONG = "Maximiliane" + "e" * 49
MAKE = f"""
from django.contrib.auth.models import User
from datasets.models import Membership, Role
from datasets.services.datasets import create_dataset
from tests import images
from tests.tagging.doing import adding, apply, bring_in, picture_of
names = ("anna", "ben", "dora", "emil")
anna, ben, dora, emil = (User.objects.create_user(name, password="correct horse") for name in names)
dataset = create_dataset(name="Cats", by=anna)
Membership.objects.create(dataset=dataset, user=dora, role=Role.VIEWER)
Membership.objects.create(dataset=dataset, user=ben, role=Role.TAGGER)
apply(picture_of(bring_in(dataset, [("a.png", images.encoded("PNG"))])[0]), adding("sofa"))
long = User.objects.create_user("{LONG}", password="correct horse")
crowded = create_dataset(name="Valleys " + "W" * 100, by=long)
for number, role in enumerate(list(Role) * 10):
    Membership.objects.create(dataset=crowded, user=User.objects.create_user(f"מרים{{number}}🦊"), role=role)
"""
STRANGERS_PAGES = ["/login/", "/account/signup/", "/account/password/reset/", "/account/password/reset/x-x/"]
OWN_PAGES = [
    "/",
    "/account/password/change/",
    "/account/second-factor/",
    "/account/second-factor/webauthn/",
    "/account/devices/",
    "/tokens/",
    "/logout/",
    "/datasets/2/members/",
    "/nowhere/",
]
FOCUS_IS_SEEN = """
() => {
  const seen = (each) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  };
  const each = document.activeElement;
  return each === document.body || seen(each) || Boolean(each.closest("label") && seen(each.closest("label")));
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProgram]:
    """A program with logins, an owner, a viewer and somebody else."""
    with RunningProgram(tmp_path_factory.mktemp("members") / "data", env=LOGINS) as running:
        command = [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", MAKE]
        subprocess.run(command, cwd=BASE_DIR, env=clean_environment(running.data_dir, LOGINS), check=True)
        yield running


def signed_in(browser: Browser, program: RunningProgram, name: str, address: str = "/") -> Page:
    page = browser.new_context().new_page()
    page.goto(program.url + address)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def look(page: Page) -> None:
    """Let nothing run over the edge or break a rule, wide and narrow, light and dark."""
    for width, theme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{page.url} is wider than the window"
        )
        results = Axe().run(page)
        assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"


def test_an_owner_invites_and_who_comes_gets_another_role(browser: Browser, program: RunningProgram) -> None:
    anna = signed_in(browser, program, "anna", "/datasets/1/")
    anna.get_by_role("link", name="Members").click()
    look(anna)
    anna.get_by_label("Role", exact=True).select_option("TAGGER")
    anna.get_by_role("button", name="Make a link").press("Enter")
    link = anna.get_by_role("textbox", name="Link for a tagger")
    expect(link).to_be_focused()
    look(anna)
    path = re.sub(r"^https?://[^/]+", "", link.input_value())

    emil = signed_in(browser, program, "emil", path)
    look(emil)
    emil.get_by_role("button", name="Come in").click()
    expect(emil.get_by_text("Welcome to “Cats”.")).to_be_visible()

    anna.goto(f"{program.url}/datasets/1/members/")
    anna.get_by_label("Role of emil", exact=True).select_option("REVIEWER")
    anna.get_by_role("button", name="Change the role of emil").press("Enter")
    expect(anna.get_by_role("status").filter(has_text="emil is reviewer now.")).to_be_attached()
    expect(anna.get_by_label("Role of emil", exact=True)).to_have_value("REVIEWER")


def test_a_viewer_finds_a_desk_to_look_at(browser: Browser, program: RunningProgram) -> None:
    dora = signed_in(browser, program, "dora", "/datasets/1/tag/1/")
    expect(dora.get_by_text("You may look at this dataset but not change it.")).to_be_visible()
    expect(dora.get_by_role("button", name="sofa")).to_be_visible()
    dora.keyboard.press("Shift+Delete")
    for name in ("Ready", "Move to the trash", "Same as previous", "Remove sofa"):
        expect(dora.get_by_role("button", name=name)).to_have_count(0)
    expect(dora.get_by_role("combobox", name="Add a tag")).to_be_hidden()
    expect(dora.get_by_role("textbox", name="Caption")).to_have_js_property("readOnly", True)
    results = Axe().run(dora)
    assert results.violations_count == 0, results.generate_report()
    assert "sofa" in dora.request.get(f"{program.url}/api/v1/images/1/tags").text()


def test_pages_for_who_is_not_signed_in(page: Page, program: RunningProgram) -> None:
    for address in STRANGERS_PAGES:
        page.goto(program.url + address)
        look(page)


def test_pages_of_ones_own_account(browser: Browser, program: RunningProgram) -> None:
    page = signed_in(browser, program, LONG)
    for address in OWN_PAGES:
        page.goto(program.url + address)
        look(page)


def test_an_app_with_codes_is_asked_for_and_refuses_a_wrong_code(browser: Browser, program: RunningProgram) -> None:
    page = signed_in(browser, program, LONG)
    page.goto(program.url + "/account/second-factor/totp/activate/")
    if page.get_by_label("Password").count():
        look(page)
        page.get_by_label("Password").fill("correct horse")
        page.get_by_label("Password").press("Enter")
    page.get_by_label("Code").fill("1")
    page.get_by_label("Code").press("Enter")
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    expect(page.get_by_label("Code")).to_be_focused()
    look(page)


def test_a_token_is_made_by_the_keyboard_and_every_stop_is_seen(browser: Browser, program: RunningProgram) -> None:
    page = signed_in(browser, program, LONG)
    page.goto(program.url + "/tokens/")
    stops = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")
        assert page.evaluate(FOCUS_IS_SEEN), f"the focus on “{name}” cannot be seen"
        stops.add(name)
    assert {"Password", "Devices", "name", "scopes", "days", "Make token", "Sign out"} <= stops
    page.get_by_label("Name").fill("W" * 60)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Token", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name=f"Revoke “{'W' * 60}”")).to_be_visible()
    look(page)


def test_a_role_offers_its_change_only_when_it_is_another(browser: Browser, program: RunningProgram) -> None:
    page = signed_in(browser, program, LONG)
    page.goto(program.url + "/datasets/2/members/")
    role = page.get_by_label("Role of מרים1🦊", exact=True)
    change = page.get_by_role("button", name="Change the role of מרים1🦊", exact=True)
    expect(role).to_be_visible()
    expect(change).to_be_hidden()
    role.select_option("VIEWER")
    expect(change).to_be_visible()
    page.get_by_role("link", name="Invite by a link").press("Enter")
    expect(page.get_by_label("Role", exact=True)).to_be_focused()


def change_role(browser: Browser, program: RunningProgram, name: str, role: str) -> None:
    """What an owner does on the page of members, in another window."""
    anna = signed_in(browser, program, "anna", "/datasets/1/members/")
    anna.get_by_label(f"Role of {name}", exact=True).select_option(role)
    anna.get_by_role("button", name=f"Change the role of {name}").click()
    expect(anna.get_by_label(f"Role of {name}", exact=True)).to_have_value(role)
    anna.context.close()


def test_who_may_do_less_is_told_on_the_open_page_and_loses_no_word(browser: Browser, program: RunningProgram) -> None:
    ben = signed_in(browser, program, "ben", "/datasets/1/tag/1/")
    box = ben.get_by_role("combobox", name="Add a tag")
    told = ben.locator(".connection--rights")
    box.fill("cushion")
    box.press("Enter")
    expect(ben.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    expect(told).to_have_count(0)

    change_role(browser, program, "ben", "VIEWER")
    expect(told).to_contain_text("You may look here from now on, but not change anything.", timeout=10_000)
    look(ben)
    # What is done on a page that was drawn for a tagger is refused with a sentence, and stays in sight.
    box.fill("lamp")
    box.press("Enter")
    expect(ben.locator("[data-save-state]")).to_contain_text("You may look at “Cats” but not change it.")
    expect(ben.locator(".chip__name", has_text="lamp")).to_be_visible()
    ben.get_by_role("textbox", name="Caption").fill("A cat beside a lamp.")
    ben.on("dialog", lambda dialog: dialog.accept())
    told.get_by_role("button", name="Reload").click()
    expect(ben.get_by_text("You may look at this dataset but not change it.").first).to_be_visible()
    expect(ben.get_by_role("textbox", name="Caption")).to_have_value("A cat beside a lamp.")
    expect(ben.locator(".chip__name", has_text="lamp")).to_be_visible()
    expect(told).to_have_count(0)

    change_role(browser, program, "ben", "REVIEWER")
    expect(told).to_contain_text("You may do more here from now on", timeout=10_000)
    # What waited is stored now.
    expect(ben.locator("[data-save-state]")).to_have_attribute("data-state", "saved", timeout=30_000)
    told.get_by_role("button", name="Reload").click()
    expect(box).to_be_visible()
    stored = ben.request.get(f"{program.url}/api/v1/images/1/tags").json()
    assert [tag["name"] for tag in stored["tags"]] == ["sofa", "cushion", "lamp"]
    assert stored["caption"]["text"] == "A cat beside a lamp."


@pytest.mark.heavy
def test_the_grid_tells_of_another_role_too(browser: Browser, program: RunningProgram) -> None:
    emil = signed_in(browser, program, "emil")
    change = "from datasets.models import Membership; from django.contrib.auth.models import User;"
    emils = "dataset_id=1, user=User.objects.get(username='emil')"
    put = f"{change} Membership.objects.update_or_create({emils}, defaults={{'role': '%s'}})"

    def become(role: str) -> None:
        command = [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", put % role]
        subprocess.run(command, cwd=BASE_DIR, env=clean_environment(program.data_dir, LOGINS), check=True)

    become("OWNER")
    emil.goto(f"{program.url}/datasets/1/")
    become("TAGGER")
    told = emil.locator(".connection--rights")
    expect(told).to_contain_text("Your role here is another one now", timeout=10_000)
    become("OWNER")
    expect(told).to_have_count(0, timeout=10_000)


@pytest.mark.heavy
def test_a_tagger_ends_own_exports_and_takes_back_own_work_alone(browser: Browser, program: RunningProgram) -> None:
    make = """
from django.contrib.auth.models import User
from datasets.models import Dataset, Image
from datasets.services.datasets import create_dataset
from datasets.services.members import Membership, Role
from tagging.services.labelling import apply_edits
from tests import images
from tests.tagging.doing import adding, bring_in, picture_of
from tests.tagging.exporting import export
anna, carl, vera = (User.objects.get_or_create(username=name)[0] for name in ("anna", "carl", "vera"))
for user in (carl, vera):
    user.set_password("correct horse")
    user.save()
dogs = create_dataset(name="Dogs", by=anna)
Membership.objects.create(dataset=dogs, user=carl, role=Role.TAGGER)
Membership.objects.create(dataset=dogs, user=vera, role=Role.VIEWER)
picture = picture_of(bring_in(dogs, [("b.png", images.encoded("PNG", seed=7))])[0])
for user, name in ((anna, "leash"), (carl, "collar")):
    apply_edits(picture, [adding(name)], by=user)
for user in (anna, carl, vera):
    job = export(dogs)
    job.started_by = user
    job.save()
print(dogs.pk, picture.pk)
"""
    command = [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", make]
    environment = clean_environment(program.data_dir, LOGINS)
    made = subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, capture_output=True, text=True)
    dataset, image = made.stdout.split()[-2:]
    for name, ends, takes_back in (("carl", ["carl"], ["carl"]), ("vera", ["vera"], []), ("anna", None, None)):
        page = signed_in(browser, program, name, f"/datasets/{dataset}/export/")
        rows = page.locator(".export-row")
        expect(rows).to_have_count(3)
        may_end = rows.filter(has=page.get_by_role("button", name="Delete"))
        expect(may_end).to_have_count(3 if ends is None else len(ends))
        if ends:
            expect(may_end).to_contain_text(ends)
        page.goto(f"{program.url}/datasets/{dataset}/tag/{image}/")
        expect(page.locator(".chip__name", has_text="leash")).to_be_visible()
        page.keyboard.press("Alt+h")
        entries = page.locator("#history .history__entry")
        expect(entries).to_have_count(2)
        undoable = entries.filter(has=page.get_by_role("button", name=re.compile("^Undo")))
        expect(undoable).to_have_count(2 if takes_back is None else len(takes_back))
        if takes_back:
            expect(undoable).to_contain_text(takes_back)
        page.context.close()
