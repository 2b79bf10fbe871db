"""The page of the vocabulary: looked through, sorted by hand, renamed and merged with the numbers first."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.models import Dataset
from datasets.services.trash import move_to_trash
from tagging.models import Tag, TagAlias, TagCategory, TagImplication
from tagging.queries import vocabulary_page
from tagging.queries.suggestions import get_suggestions
from tagging.views import rewording
from tests import factories
from tests.tagging.doing import adding, apply, names_on

pytestmark = pytest.mark.django_db

PAGE = reverse("tagging:vocabulary")
CHANGE = reverse("tagging:vocabulary_change")
UNDO = reverse("tagging:vocabulary_undo")


def reword(kind: str, *tags: str) -> str:
    return f"{reverse('tagging:reword', args=[kind])}?" + "&".join(f"tag={tag}" for tag in tags)


def words(client: Client, **facts: Any) -> list[str]:
    return [word.tag.name for word in client.get(PAGE, facts).context["page"].words]


def facts(**more: Any) -> dict[str, Any]:
    return {"into": "smile", "dataset": "", "keep_alias": "on", "reason": "", "key": str(uuid.uuid4()), **more}


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def some(dataset: Dataset) -> Dataset:
    """Three images with tags, one of them in the trash, and a tag that is on none."""
    general = TagCategory.objects.get(number=0)
    Tag.objects.create(name="long_hair", category=general)
    smile = Tag.objects.create(name="smile", description="Corners up.")
    for number, names in enumerate((["long_hair", "smile"], ["smile"], ["smile", "hat"])):
        image = factories.make_image(dataset)
        apply(image, *map(adding, names))
        if number == 2:
            move_to_trash(dataset, [image.pk], by=None)
    Tag.objects.create(name="unused")
    TagAlias.objects.create(name="smiling", tag=smile)
    TagImplication.objects.create(tag=smile, implies=Tag.objects.create(name="mouth"))
    return dataset


def test_words_are_listed_with_what_there_is_to_say(client: Client, some: Dataset) -> None:
    page = client.get(PAGE)
    told = {word.tag.name: (word.images, word.aliases, word.implies) for word in page.context["page"].words}
    assert told == {"hat": (0, [], []), "long_hair": (1, [], []), "smile": (2, ["smiling"], ["mouth"])}
    assert "Corners up." in text(page)
    assert words(client, show="all") == ["hat", "long_hair", "mouth", "smile", "unused"]
    assert words(client, q="smili") == ["smile"]
    assert words(client, q="LONG hair") == ["long_hair"]
    assert words(client, **{"in": TagCategory.objects.get(number=0).pk}) == ["long_hair"]
    assert words(client, **{"in": 0}) == ["hat", "smile"]
    assert words(client, q="nothing") == []
    assert words(client, q="%") == []


def test_pages_follow_one_another_whatever_the_names(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary_page, "WORDS_A_PAGE", 2)
    monkeypatch.setattr(vocabulary_page.get_vocabulary_page, "__defaults__", (2,))
    names = ["a&b", "a+b", "ä", "b c", "初音"]
    Tag.objects.bulk_create(Tag(name=name) for name in names)
    address, seen = f"{PAGE}?show=all", []
    for _ in range(3):
        page = client.get(address)
        seen += [word.tag.name for word in page.context["page"].words]
        more = re.search(r'href="(\?[^"]*after=[^"]*)"', text(page))
        address = PAGE + more[1].replace("&amp;", "&") if more else ""
    assert sorted(seen) == sorted(names)
    assert address == ""


def test_the_page_takes_as_many_queries_for_fifty_words_as_for_one(client: Client, some: Dataset) -> None:
    counts = []
    for number in range(50):
        tag = Tag.objects.create(name=f"tag {number}")
        TagAlias.objects.create(name=f"alias {number}", tag=tag)
        if number in {0, 49}:
            with CaptureQueriesContext(connection) as queries:
                client.get(PAGE, {"show": "all"})
            counts.append(len(queries))
    assert counts[0] == counts[1] < 15


def test_tags_are_sorted_into_a_category_and_back(client: Client, some: Dataset) -> None:
    category, general = TagCategory.objects.get(number=5), TagCategory.objects.get(number=0)
    keys = list(Tag.objects.filter(name__in=["smile", "long_hair"]).values_list("pk", flat=True))
    form = {"word": keys, "action": "sort", "category": category.pk, "q": "", "show": "all", "in": "", "after": ""}
    answer = client.post(CHANGE, form, follow=True)
    assert "2 tags are now in “meta”." in text(answer)
    assert answer.redirect_chain[0][0] == f"{PAGE}?show=all&done=1"
    assert set(Tag.objects.filter(category=category).values_list("name", flat=True)) == {"smile", "long_hair"}
    (found,) = get_suggestions(some, "smil")
    assert found.category is not None
    assert found.category.name == "meta"
    assert "The last step can be undone" in text(answer)
    assert "2 tags are back." in text(client.post(UNDO, {"show": "all"}, follow=True))
    assert Tag.objects.get(name="smile").category is None
    assert Tag.objects.get(name="long_hair").category == general
    assert Tag.objects.get(name="smile").history.count() == 3
    # Out of every category, by the same form.
    client.post(CHANGE, {**form, "category": "0"})
    assert Tag.objects.get(name="long_hair").category is None


def test_a_form_without_a_choice_says_so(client: Client, some: Dataset) -> None:
    key = Tag.objects.get(name="smile").pk
    assert "Choose one or more tags" in text(client.post(CHANGE, {"action": "sort", "category": "1"}, follow=True))
    assert "Choose a category" in text(client.post(CHANGE, {"action": "sort", "word": key}, follow=True))
    assert client.post(CHANGE, {"action": "sort", "word": key, "category": "999"}).status_code == 404
    leads = client.post(CHANGE, {"action": "merge", "word": [key, Tag.objects.get(name="hat").pk]})
    assert leads.headers["Location"] == reword("merge", "hat", "smile")


def test_a_rename_shows_the_numbers_first(client: Client, some: Dataset) -> None:
    address = reword("rename", "smile")
    assert "New name" in text(client.get(address))
    page = text(client.post(address, facts(into="grin", step="look")))
    row = rf"<bdi>{some.name}</bdi></th><td>2</td><td>0</td><td>1</td>"
    assert re.search(row, page)
    assert "1 alias moves along." in page
    assert "“smile” becomes an alias." in page
    assert "Rename on 2 images" in page
    assert not Tag.objects.filter(name="grin").exists()
    answer = client.post(address, facts(into="grin", step="do"), follow=True)
    assert "“smile” renamed to “grin”, on 3 images." in text(answer)
    assert TagAlias.objects.get(name="smile").tag.name == "grin"


def test_what_is_refused_stands_beside_the_field(client: Client, some: Dataset) -> None:
    page = text(client.post(reword("rename", "smile"), facts(into="hat", step="look")))
    assert "Merge “smile” into it instead." in page
    assert 'name="step" value="look"' in page
    assert "comma" in text(client.post(reword("rename", "smile"), facts(into="a, b", step="look")))
    assert "no tag “nothing”" in text(client.post(reword("merge", "nothing"), facts(step="look")))
    assert client.get(reword("rename")).status_code == 404
    assert client.get(reword("burn", "smile")).status_code == 404


def test_several_tags_are_merged_into_one_of_them(client: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    apply(image, adding("grin"), adding("smirk"), adding("smile"))
    address = reword("merge", "grin", "smirk", "smile")
    page = text(client.post(address, facts(step="look")))
    assert "Together that is 1 image." in page
    assert "Merge on 1 image" in page
    client.post(address, facts(step="do"))
    assert names_on(image) == ["smile"]


def test_what_takes_long_goes_on_with_the_next_request(
    client: Client, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewording, "_SECONDS", 0.0)
    monkeypatch.setattr("tagging.services.rewriting._IMAGES_AT_ONCE", 2)
    images = [factories.make_image(dataset) for _ in range(5)]
    for image in images:
        apply(image, adding("grin"), adding("smirk"))
    Tag.objects.create(name="smile")
    address, form = reword("merge", "grin", "smirk"), facts(step="do")
    answer, rounds = client.post(address, form), 0
    while answer.status_code == 200:
        page = text(answer)
        done = re.search(r'name="done" value="(\d+)"', page)
        assert done, page
        assert f"{done[1]} of 10 images are done" in page
        answer, rounds = client.post(address, {**form, "done": done[1]}), rounds + 1
        assert rounds < 20
    assert rounds > 2
    assert [names_on(image) for image in images] == [["smile"]] * 5
    assert "on 10 images" in text(client.get(PAGE))


def test_who_may_not_change_words_may_look(password_mode: None, some: Dataset) -> None:
    client, user = Client(), factories.make_user()
    client.force_login(user)
    page = text(client.get(PAGE))
    assert "long_hair" in page
    assert 'name="word"' not in page
    for answer in (client.post(CHANGE, {"action": "sort"}), client.post(UNDO), client.get(reword("merge", "smile"))):
        assert answer.status_code == 403
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="change_tag"))
    client.force_login(User.objects.get(pk=user.pk))
    assert 'name="word"' in text(client.get(PAGE))
    assert client.get(reword("merge", "smile")).status_code == 200
