"""`manage.py load_vocabulary`: the field's lists of tags."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tagging.models import Tag, TagAlias, VocabularyRevision

pytestmark = pytest.mark.django_db

LIST = """long_hair,0,4350743,"/lh,longhair"
hatsune_miku,4,103451,miku
blue eyes,general,12
ohwx
"""


def load(path: Path, **options: bool) -> dict[str, Any]:
    output = io.StringIO()
    call_command("load_vocabulary", str(path), json=True, stdout=output, **options)
    facts: dict[str, Any] = json.loads(output.getvalue())
    return facts


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "list.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def words() -> dict[str, tuple[str | None, int]]:
    return {tag.name: (tag.category.name if tag.category else None, tag.vocabulary_count) for tag in Tag.objects.all()}


def problems(facts: dict[str, Any], kind: str) -> list[tuple[int, str]]:
    return [(problem["line"], problem["text"]) for problem in facts[kind]]


def test_tags_come_with_category_count_and_aliases(tmp_path: Path) -> None:
    facts = load(write(tmp_path, LIST))
    assert words() == {
        "long_hair": ("general", 4350743),
        "hatsune_miku": ("character", 103451),
        "blue eyes": ("general", 12),
        "ohwx": (None, 0),
    }
    aliases = dict(TagAlias.objects.values_list("name", "tag__name"))
    assert aliases == {"/lh": "long_hair", "longhair": "long_hair", "miku": "hatsune_miku"}
    assert (facts["rows"], facts["new"], facts["new_aliases"], facts["bad"], facts["clashes"]) == (4, 4, 3, [], [])
    assert VocabularyRevision.objects.get().number == 1


def test_loading_again_changes_nothing_and_a_newer_list_only_what_differs(tmp_path: Path) -> None:
    path = write(tmp_path, LIST)
    load(path)
    facts = load(path)
    assert (facts["new"], facts["changed"], facts["same"]) == (0, 0, 4)
    assert (facts["new_aliases"], facts["same_aliases"]) == (0, 3)
    # Told all the same: a load that was killed may have put it there without telling.
    assert VocabularyRevision.objects.get().number == 2
    facts = load(write(tmp_path, "long_hair,1,5\nhatsune_miku\n"))
    assert (facts["changed"], facts["same"]) == (1, 1)
    assert words()["long_hair"] == ("artist", 5)
    assert words()["hatsune_miku"] == ("character", 103451)  # what a list does not say stays
    assert len(words()) == 4


def test_a_dry_run_says_the_same_and_does_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, LIST + 'smile,9,x,"miku,smile,ohwx"\n')
    dry = load(path, dry_run=True)
    assert not Tag.objects.exists()
    assert not VocabularyRevision.objects.exists()
    wet = load(path)
    assert {**dry, "dry_run": False} == wet
    assert wet["new"] == 5


def test_a_name_is_a_tag_or_an_alias_of_one_tag_and_what_was_there_first_stays(tmp_path: Path) -> None:
    load(write(tmp_path, "grin,0,1,smirk\nlaugh,0,1\n"))
    facts = load(write(tmp_path, 'smirk,0,9,sneer\nsmile,0,5,"smirk,laugh,hat,grinning"\nhat,0,1,grinning\n'))
    assert problems(facts, "clashes") == [
        (1, "“smirk” is an alias of “grin” here."),
        (2, "“smirk” is an alias of “grin” already: it does not become one of “smile”."),
        (2, "“laugh” is a tag itself: it does not become an alias of “smile”."),
        (2, "“hat” is a tag itself: it does not become an alias of “smile”."),
        (3, "“grinning” is an alias of another tag in this list: it does not become one of “hat”."),
    ]
    assert dict(TagAlias.objects.values_list("name", "tag__name")) == {"smirk": "grin", "grinning": "smile"}
    assert "smirk" not in words()


def test_odd_lines_are_told_with_their_numbers_and_the_rest_is_loaded(tmp_path: Path) -> None:
    lines = ["name,category,count,aliases", "", "a,7,3", '"b,0,1', '"c, d",0,1', ",0,1", "e,0,many", "e,0,5"]
    lines += [f"{'x' * 201},0,1", '  f  ,0,"1,234",g,h', "i,0,1,\u200b", "cafe\u0301,0,1", 'j "k",0,1']
    facts = load(write(tmp_path, "\r\n".join(lines)))
    told = problems(facts, "bad")
    assert [line for line, _ in told] == [3, 4, 5, 6, 7, 8, 9, 11]
    assert told[0][1] == "“a” is loaded without its category: there is none with the number “7”."
    assert "quotation mark" in told[1][1]
    assert told[4][1] == "“e” is loaded without its count: “many” is no number."
    assert told[5][1] == "“e” is in the list twice; the first one counts."
    assert set(words()) == {"a", "e", "f", "i", "caf\u00e9", 'j "k"'}
    assert words()["f"] == ("general", 1234)
    assert set(TagAlias.objects.values_list("name", flat=True)) == {"g", "h"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_say_what_they_are(tmp_path: Path, encoding: str) -> None:
    facts = load(write(tmp_path, "初音ミク,4,1,ミク\ncafé,0,1\n".encode(encoding)))
    assert (set(words()), facts["bad"]) == ({"初音ミク", "café"}, [])


def test_a_line_in_another_encoding_is_read_and_told(tmp_path: Path) -> None:
    facts = load(write(tmp_path, "初音ミク,4,1\n".encode() + "café,0,1\n".encode("cp1252")))
    assert set(words()) == {"初音ミク", "café"}
    assert [line for line, _ in problems(facts, "bad")] == [2]


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x00", b"\xff\xfea\x00\x00\xd8"])
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(CommandError):
        load(write(tmp_path, content))
    with pytest.raises(CommandError, match="No such file"):
        load(tmp_path / "nothing.csv")
    assert not Tag.objects.exists()


def test_many_lines_are_several_transactions_with_few_statements(
    tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    lines = [f'tag {number},0,{number},"alias {number}"' for number in range(2_500)]
    with django_assert_max_num_queries(100):
        facts = load(write(tmp_path, "\n".join(lines)))
    assert (facts["new"], facts["new_aliases"]) == (2_500, 2_500)
    assert Tag.objects.get(name="tag 2499").aliases.get().name == "alias 2499"


def test_what_a_person_reads(tmp_path: Path) -> None:
    output = io.StringIO()
    call_command("load_vocabulary", str(write(tmp_path, LIST + "smile,9\n")), stdout=output)
    assert output.getvalue() == (
        "5 lines: 5 new tags, 0 changed, 0 as they were.\n"
        "3 new aliases, 0 as they were.\n"
        "Not taken, or not all of it: (1)\n"
        "  line 5: “smile” is loaded without its category: there is none with the number “9”.\n"
    )
