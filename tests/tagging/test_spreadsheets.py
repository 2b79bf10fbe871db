"""Cells that a spreadsheet would take for formulas: kept from it in lists, and never touched in what trainers read."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as some

from tagging.models import Tag, TagAlias, TagCategory
from tagging.services.loading import load_vocabulary
from tagging.spreadsheets import guarded, unguarded
from tests import factories

EXPORT = reverse("admin:tagging_tag_export")
AS_IT_IS = reverse("admin:tagging_tag_export_as_it_is")

# Tags that boorus really have, and what people write to do harm.
FORMULAS = ["=_=", "@_@", "+_+", "-_-", '=hyperlink("http://evil.example")', "-2+3+cmd|' /c calc'!a0", "＝1+1", "'=1"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum(a1)", "'@sum(a1)"),
        ("\t=1", "'\t=1"),
        ("\tplain", "'\tplain"),
        ("\rplain", "'\rplain"),
        ("  =1", "'  =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("one\n=1", "one\n'=1"),
        ("one\r\n @1", "one\r\n' @1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("smile", "smile"),
        ("a=b", "a=b"),
        ("it's", "it's"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_a_cell_that_begins_as_a_formula_begins_with_an_apostrophe(cell: str, expected: str) -> None:
    assert guarded(cell) == expected


@given(some.text("=+-@\t\r\n ＝'a", max_size=12))
def test_a_guarded_cell_begins_no_formula_anywhere_and_comes_back_as_it_was(cell: str) -> None:
    written = guarded(cell)
    assert not any(re.match(r"[\t]|\s*[=+\-@＝]", line) for line in re.split(r"[\r\n]+", written) if line.strip("\r\n"))
    assert unguarded(written) == cell


@pytest.fixture
def admin(db: None) -> Client:
    """The browser of somebody who may do everything, with a vocabulary that looks like formulas."""
    rude = TagCategory.objects.create(name="=rude()")
    Tag.objects.bulk_create([Tag(name=name, category=rude) for name in FORMULAS])
    TagAlias.objects.create(name="=alias", tag=Tag.objects.get(name="=_="))
    browser = Client()
    browser.force_login(factories.make_user(is_staff=True, is_superuser=True))
    return browser


def test_the_vocabulary_is_written_without_formulas_and_loads_again_to_the_same_words(
    admin: Client, tmp_path: Path
) -> None:
    content = admin.get(EXPORT).content
    cells = [cell for row in csv.reader(io.StringIO(content.decode())) for cell in row]
    assert [cell for cell in cells if re.match(r"\s*[=+\-@＝\t\r]", cell)] == []
    assert "'=_=" in cells
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    TagAlias.objects.all().delete()
    Tag.objects.all().delete()
    loaded = load_vocabulary(path)
    assert (loaded.bad, loaded.clashes) == ([], [])
    assert set(Tag.objects.values_list("name", "category__name")) == {(name, "=rude()") for name in FORMULAS}
    assert TagAlias.objects.get(name="=alias").tag.name == "=_="


def test_other_programs_are_given_the_list_as_it_is(admin: Client, password_mode: None) -> None:
    page = admin.get(reverse("admin:tagging_tag_changelist"), {"q": "_"}).content.decode()
    assert f"{AS_IT_IS}?q=_" in page
    answer = admin.get(AS_IT_IS)
    assert answer["Content-Type"].startswith("text/csv")
    names = [row[0] for row in csv.reader(io.StringIO(answer.content.decode()))]
    assert sorted(names) == sorted(FORMULAS)
    assert admin.get(AS_IT_IS, {"q": "@_@"}).content.decode() == "@_@,=rude(),0,\n"
    assert Client().get(AS_IT_IS).status_code == 302
    looker = Client()
    looker.force_login(factories.make_user(is_staff=True))
    assert looker.get(AS_IT_IS).status_code == 403


def test_a_foreign_list_is_read_as_it_is(db: None, tmp_path: Path) -> None:
    path = tmp_path / "danbooru.csv"
    path.write_text("=_=,0,9,\nit's,0,3,'tis\n", encoding="utf-8")
    load_vocabulary(path)
    assert set(Tag.objects.values_list("name", flat=True)) == {"=_=", "it's"}
    assert TagAlias.objects.get().name == "'tis"
