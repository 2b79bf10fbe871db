"""The vocabulary desk in the admin: lists in and out, rename and merge with numbers first, and who changed what."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from datasets.models import Dataset
from tagging.admin import lists
from tagging.models import Tag, TagAlias, TagCategory, TagImplication
from tagging.services.loading import load_vocabulary
from tests import factories
from tests.tagging.doing import adding, apply, names_on

pytestmark = pytest.mark.django_db

IMPORT = reverse("admin:tagging_tag_import")
CONFIRM = reverse("admin:tagging_tag_process_import")
EXPORT = reverse("admin:tagging_tag_export")
LIST = reverse("admin:tagging_tag_changelist")

FILE = 'long_hair,0,4350743,"/lh,longhair"\nhatsune_miku,4,103451,smile\nsmile,0,7,\nodd,9,1,\n'


@pytest.fixture
def owner() -> User:
    """Somebody who may do everything."""
    return factories.make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def admin(owner: User) -> Client:
    """Their browser."""
    client = Client()
    client.force_login(owner)
    return client


def upload(client: Client, content: str | bytes, name: str = "danbooru.csv") -> str:
    data = content if isinstance(content, bytes) else content.encode()
    page = client.post(IMPORT, {"import_file": SimpleUploadedFile(name, data), "format": "0", "resource": "0"})
    assert page.status_code == 200
    return page.content.decode()


def hidden(page: str) -> dict[str, str]:
    """What the form that confirms holds."""
    inputs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: value for name, value in inputs if name != "csrfmiddlewaretoken"}


def row(page: str, title: str) -> str:
    found = re.search(rf"{re.escape(title)}</th><td>([^<]*)</td>", page)
    assert found, f"no {title} in {page}"
    return found[1].strip()


def words() -> set[tuple[str, str | None, int, str]]:
    return {
        (
            tag.name,
            tag.category.name if tag.category else None,
            tag.vocabulary_count,
            ",".join(tag.aliases.order_by("name").values_list("name", flat=True)),
        )
        for tag in Tag.objects.all()
    }


def test_an_upload_tells_what_would_change_and_does_it_after_a_yes(admin: Client, owner: User) -> None:
    Tag.objects.create(name="smile", vocabulary_count=3)
    page = upload(admin, FILE)
    told = [row(page, title) for title in ("Lines", "New tags", "Changed tags (category or count)", "New aliases")]
    assert told == ["4", "3", "1", "2"]
    assert (row(page, "Clashes"), row(page, "Not taken, or not all of it")) == ("1", "1")
    assert "Line 2: “smile” is a tag itself" in page
    assert "there is none with the number “9”" in page
    assert Tag.objects.count() == 1
    answer = admin.post(CONFIRM, hidden(page), follow=True)
    assert "New tags: 3, changed: 1" in answer.content.decode()
    assert Tag.objects.count() == 4
    assert TagAlias.objects.get(name="longhair").tag.name == "long_hair"
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr) == (owner, "danbooru.csv")
    assert not list((Path(settings.DATA_DIR) / "lists").iterdir())
    # The second yes of the same page finds nothing.
    assert "Choose the file again" in admin.post(CONFIRM, hidden(page), follow=True).content.decode()


@pytest.mark.parametrize("heading", ["", "name,category,count,aliases\n"])
def test_an_export_loads_again_to_the_same_words(admin: Client, tmp_path: Path, heading: str) -> None:
    upload_page = upload(admin, heading + FILE + '"quo""te",3,1,"a""b,c"\n初音ミク,meta,0,\nname,0,3,\n  tag ,,,\n')
    admin.post(CONFIRM, hidden(upload_page))
    TagCategory.objects.create(name="own, with comma")
    Tag.objects.filter(name="odd").update(category=TagCategory.objects.get(name="own, with comma"))
    before = words()
    answer = admin.get(EXPORT)
    assert answer["Content-Type"].startswith("text/csv")
    assert re.search(r'filename="vocabulary-[\d-]+\.csv"', answer["Content-Disposition"])
    assert 'long_hair,0,4350743,"/lh,longhair"\n' in answer.content.decode()
    path = tmp_path / "list.csv"
    path.write_bytes(answer.content)
    Tag.objects.all().delete()
    loaded = load_vocabulary(path)
    assert (words(), loaded.bad, loaded.clashes) == (before, [], [])
    again = load_vocabulary(path, dry_run=True)
    assert (again.new, again.changed, again.new_aliases) == (0, 0, 0)


def test_an_export_has_what_the_list_of_tags_is_filtered_to(admin: Client) -> None:
    Tag.objects.bulk_create([Tag(name="smile"), Tag(name="hat")])
    assert admin.get(EXPORT, {"q": "smi"}).content.decode() == "smile,,0,\n"


def test_what_is_no_list_is_refused_in_words(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is no text" in upload(admin, b"PK\x03\x04\x00\x00", "list.zip")
    monkeypatch.setattr(lists, "MOST_BYTES", 10)
    assert "manage.py load_vocabulary FILE" in upload(admin, FILE)
    assert not Tag.objects.exists()


def test_a_form_that_names_another_file_reads_nothing_and_removes_nothing(admin: Client, tmp_path: Path) -> None:
    other = tmp_path / "secret"
    other.write_text("smile,0,1")
    facts = hidden(upload(admin, FILE))
    for name in (str(other), "../db.sqlite3", "0" * 32):
        answer = admin.post(CONFIRM, {**facts, "import_file_name": name}, follow=True)
        assert "Choose the file again" in answer.content.decode()
    assert other.exists()
    assert not Tag.objects.exists()


def test_only_staff_with_the_permissions_of_the_models_do_it(password_mode: None) -> None:
    client, user = Client(), factories.make_user(is_staff=True)
    client.force_login(user)
    tag = Tag.objects.create(name="smile")
    reword = f"{reverse('admin:tagging_tag_reword', args=['merge'])}?tag=smile"
    assert [client.get(address).status_code for address in (LIST, IMPORT, EXPORT, reword)] == [403] * 4
    user.user_permissions.add(Permission.objects.get(codename="view_tag"))
    client.force_login(User.objects.get(pk=user.pk))
    assert [client.get(address).status_code for address in (LIST, IMPORT, EXPORT, reword)] == [200, 403, 200, 403]
    assert "Merge into another" not in client.get(LIST).content.decode()
    needed = ("change_tag", "add_tag", "add_tagalias")
    user.user_permissions.add(*Permission.objects.filter(codename__in=needed))
    client.force_login(User.objects.get(pk=user.pk))
    assert [client.get(address).status_code for address in (LIST, IMPORT, EXPORT, reword)] == [200] * 4
    assert client.get(reverse("admin:tagging_tag_history", args=[tag.pk])).status_code == 200
    outsider = Client()
    outsider.force_login(factories.make_user())
    assert [outsider.get(address).status_code for address in (LIST, IMPORT, EXPORT, reword)] == [302] * 4


def test_a_merge_shows_the_images_of_each_dataset_first(admin: Client, owner: User, dataset: Dataset) -> None:
    other = factories.make_dataset()
    images = [factories.make_image(each) for each in (dataset, dataset, other)]
    for image in images:
        apply(image, adding("grin"))
    apply(images[0], adding("smile"))
    tags = Tag.objects.filter(name__in=["grin", "smile"])
    chosen = {"action": "merge_selected", "_selected_action": [tag.pk for tag in tags]}
    address = admin.post(LIST, chosen).headers["Location"]
    assert address == f"{reverse('admin:tagging_tag_reword', args=['merge'])}?{urlencode({'tag': 'grin'})}&tag=smile"
    facts = {"into": "smile", "dataset": "", "keep_alias": "on", "reason": "", "key": "0" * 32}
    page = admin.post(address, {**facts, "step": "look"}).content.decode()
    numbers = re.findall(r"<bdi>([^<]*)</bdi></th><td>(\d+)</td><td>(\d+)</td><td>(\d+)</td>", page)
    assert sorted(numbers) == sorted([(dataset.name, "2", "1", "0"), (other.name, "1", "0", "0")])
    assert "Merge on 3 images" in page
    assert names_on(images[1]) == ["grin"]
    answer = admin.post(address, {**facts, "step": "do"}, follow=True)
    assert "on 3 images" in answer.content.decode()
    assert [names_on(image) for image in images] == [["smile"]] * 3
    assert TagAlias.objects.get(name="grin").tag.name == "smile"


def test_one_tag_at_a_time_is_renamed(admin: Client) -> None:
    tags = [Tag.objects.create(name=name) for name in ("a", "b")]
    chosen = {"action": "rename_selected", "_selected_action": [tag.pk for tag in tags]}
    assert "Choose one tag" in admin.post(LIST, chosen, follow=True).content.decode()


def test_the_history_of_a_word_tells_who_changed_what(admin: Client, owner: User, tmp_path: Path) -> None:
    Tag.objects.bulk_create([Tag(name="smile")])
    tag = Tag.objects.get()
    facts: dict[str, object] = {"name": "smile", "vocabulary_count": 0, "description": "", "category": ""}
    facts |= {f"{rows}-{count}_FORMS": 0 for rows in ("scopes", "examples") for count in ("TOTAL", "INITIAL")}
    admin.post(reverse("admin:tagging_tag_change", args=[tag.pk]), {**facts, "description": "Corners up."})
    path = tmp_path / "list.csv"
    path.write_text("smile,3,9\n")
    load_vocabulary(path, by=owner)
    entries = list(tag.history.order_by("history_id"))
    assert [(entry.description, entry.category_id is None, entry.history_user) for entry in entries] == [
        ("", True, None),
        ("Corners up.", True, owner),
        ("Corners up.", False, owner),
    ]
    page = admin.get(reverse("admin:tagging_tag_history", args=[tag.pk])).content.decode()
    assert "from the list list.csv" in page
    assert owner.username in page
    assert "copyright" in page
    assert "style=" not in page.split("<main", 1)[-1]


def test_a_load_of_new_words_and_counts_writes_no_history(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("smile,3,9,grin\nhat,0,1\n")
    load_vocabulary(path)
    path.write_text("smile,3,11,grin\nhat,0,2\n")
    load_vocabulary(path)
    assert not Tag.history.exists()
    assert not TagAlias.history.exists()


def test_implications_and_successors_do_not_lead_in_circles(admin: Client) -> None:
    tags = {name: Tag.objects.create(name=name) for name in "abc"}
    TagImplication.objects.create(tag=tags["a"], implies=tags["b"])
    TagImplication.objects.create(tag=tags["b"], implies=tags["c"])
    add = reverse("admin:tagging_tagimplication_add")
    page = admin.post(add, {"tag": tags["c"].pk, "implies": tags["a"].pk}).content.decode()
    assert "leads in a circle: “c” → “a” → “b” → “c”" in page
    assert admin.post(add, {"tag": tags["a"].pk, "implies": tags["c"].pk}).status_code == 302
    Tag.objects.filter(name="b").update(successor=tags["a"])
    facts = {"name": "a", "vocabulary_count": 0, "description": "", "category": "", "successor": tags["b"].pk}
    page = admin.post(reverse("admin:tagging_tag_change", args=[tags["a"].pk]), facts).content.decode()
    assert "leads back to the tag itself" in page
