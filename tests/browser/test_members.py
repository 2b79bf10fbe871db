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
anna, dora, emil = (User.objects.create_user(name, password="correct horse") for name in ("anna", "dora", "emil"))
dataset = create_dataset(name="Cats", by=anna)
Membership.objects.create(dataset=dataset, user=dora, role=Role.VIEWER)
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
