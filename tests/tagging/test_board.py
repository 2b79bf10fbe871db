"""The board: what it counts, where its marks lead, and goals."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from datasets.filter_reading import BadFilter, read_filter
from datasets.models import Dataset, Image
from datasets.services.trash import move_to_trash
from tagging.filters import parse_filter, tree
from tagging.models import Change, Goal, Source, Tag, TagCategory, TagOperation, TextLength
from tagging.queries.board.board import get_board
from tagging.queries.board.filters import of_sizes, with_tag
from tagging.queries.board.goals import get_goals
from tagging.queries.board.lengths import get_text_lengths
from tagging.queries.board.pace import get_pace, time_at_work
from tagging.queries.board.shapes import MOST_DOTS, ShapesAsked, get_shapes
from tagging.queries.board.sizes import SizeCount
from tagging.queries.board.trainers import TRAINERS
from tagging.queries.board.words import get_words
from tagging.services.goals import MOST_GOALS, GoalRefused, TooManyGoals, add_goal, change_goal, remove_goal
from tagging.signals import text_lengths_wanted
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make(dataset: Dataset, *tags: str, **fields: Any) -> Image:
    image = factories.make_image(dataset, **fields)
    for tag in tags:
        factories.make_image_tag(image, tag)
    return image


def found(dataset: Dataset, filter: str) -> int:
    """How many pictures the grid shows under a filter."""
    return Image.objects.filter(read_filter(filter, dataset), dataset=dataset).count()


def board_address(dataset: Dataset) -> str:
    return f"/datasets/{dataset.pk}/board/"


# --- tags -------------------------------------------------------------------------------------------------------------


def test_tags_are_counted_over_the_pictures_that_have_tags(dataset: Dataset) -> None:
    for number in range(10):
        make(dataset, "girl", *(["hat"] if number < 4 else []))
    make(dataset)
    make(dataset, "gone").delete()
    move_to_trash(dataset, [make(dataset, "girl", "trashed").pk], by=None)
    words = get_words(dataset)
    assert (words.images, words.tags, words.uses) == (10, 2, 14)
    assert [(tag.name, tag.images, tag.share) for tag in words.top] == [("girl", 10, 1.0), ("hat", 4, 0.4)]
    assert words.tags_an_image == 1.4


def test_a_category_counts_a_picture_once_however_many_of_its_tags_are_there(dataset: Dataset) -> None:
    clothes = TagCategory.objects.create(name="clothes", colour="red")
    for tags in (["hat", "shoes", "tree"], ["hat"], ["tree"], ["tree"]):
        image = make(dataset, *tags)
        for row in image.image_tags.select_related("tag"):
            if row.tag.name in {"hat", "shoes"}:
                row.tag.category = clothes
                row.tag.save()
    worn, rest = get_words(dataset).categories
    assert (worn.name, worn.colour, worn.images, worn.share, worn.tags, worn.uses) == ("clothes", "red", 2, 0.5, 2, 3)
    assert (rest.name, rest.images, rest.tags, rest.uses) == ("", 3, 1, 3)


def test_tags_on_nearly_all_and_on_hardly_any_are_named_and_the_trigger_word_is_not(dataset: Dataset) -> None:
    dataset.trigger_word = "ohwx"
    dataset.save()
    for number in range(100):
        tags = ["ohwx", "girl"] + ["smile"] * (number < 80) + ["once"] * (number == 7) + ["twice"] * (number < 2)
        make(dataset, *tags)
    words = get_words(dataset)
    # 80 of 100 is not more than 80 %, 2 of 100 not less than 2 %.
    assert [tag.name for tag in words.common] == ["girl"]
    assert [tag.name for tag in words.rare] == ["once"]
    assert (words.rare_tags, words.single_tags) == (1, 1)


def test_what_goes_together_is_counted_for_each_pair(dataset: Dataset) -> None:
    for tags in (["a", "b"], ["a", "b"], ["a"], ["b", "c"]):
        make(dataset, *tags)
    together = get_words(dataset).together
    assert [tag.name for tag in together.tags] == ["a", "b", "c"]
    assert together.images == [[3, 2, 0], [2, 3, 1], [0, 1, 1]]
    assert [(pair.first, pair.second, pair.images, pair.share) for pair in together.pairs()] == [
        ("a", "b", 2, 0.5),
        ("b", "c", 1, 1 / 3),
    ]


@pytest.mark.parametrize(
    "name", ["a b", '"quoted"', "a*b", "or", "-x", "by:me", "a\\b", "(o)_(o)", "re:zero", "青い 空"]
)
def test_a_tag_leads_to_its_pictures_whatever_it_is_called(dataset: Dataset, name: str) -> None:
    make(dataset, name, "other")
    # What a pattern would find as well.
    make(dataset, "other", "axb", "ab")
    assert found(dataset, with_tag(name)) == 1


# --- sizes and buckets ------------------------------------------------------------------------------------------------


def test_a_trainer_sorts_pictures_into_buckets_with_what_it_cuts_off(dataset: Dataset) -> None:
    for width, height in [(1920, 1080), (1920, 1080), (1024, 1536), (3000, 1000)]:
        make(dataset, width=width, height=height)
    shapes = get_shapes(dataset, ShapesAsked("kohya", 1024))
    assert [(bucket.width, bucket.height, bucket.images) for bucket in shapes.buckets] == [
        (1344, 768, 2),
        (832, 1216, 1),
        (1728, 576, 1),
    ]
    assert [round(bucket.cut, 3) for bucket in shapes.buckets] == [0.015, 0.026, 0]
    wide = get_shapes(dataset, ShapesAsked("diffusion-pipe", 1024))
    assert [(size.width, size.height, size.bucket) for size in wide.worst] == [
        (3000, 1000, (1456, 720)),
        (1920, 1080, (1296, 816)),
    ]
    by_slug = {each.slug: each for each in wide.trainers}
    assert set(by_slug) == set(TRAINERS)
    assert by_slug["diffusion-pipe"].much_cut == 3
    assert by_slug["kohya"].much_cut == 0
    assert found(dataset, by_slug["diffusion-pipe"].filter) == 3


def test_a_picture_without_a_bucket_is_told_and_breaks_nothing(dataset: Dataset) -> None:
    make(dataset, width=40, height=2000)
    make(dataset, width=512, height=512)
    shapes = get_shapes(dataset, ShapesAsked("kohya-no-upscale", 1024))
    assert [(bucket.width, bucket.height) for bucket in shapes.buckets] == [(512, 512)]
    assert {each.slug: each.unusable for each in shapes.trainers}["kohya-no-upscale"] == 1


@pytest.mark.parametrize("asked", [ShapesAsked("nobody", 1024), ShapesAsked("kohya", 7), ShapesAsked("", 0)])
def test_what_is_not_known_is_the_usual_trainer(dataset: Dataset, asked: ShapesAsked) -> None:
    make(dataset)
    assert get_shapes(dataset, asked).asked == ShapesAsked()


def test_near_sizes_share_a_dot_and_each_dot_leads_to_its_pictures(dataset: Dataset) -> None:
    count = MOST_DOTS + 60
    for number in range(count):
        make(dataset, width=500 + 7 * number, height=500 + number * number % 1500)
    shapes = get_shapes(dataset, ShapesAsked())
    assert shapes.sizes == count
    assert len(shapes.dots) <= MOST_DOTS
    assert sum(dot.images for dot in shapes.dots) == count
    for dot in shapes.dots[:20]:
        assert found(dataset, dot.filter) == dot.images


def test_many_sizes_of_a_bucket_are_found_by_their_shape_or_not_at_all(dataset: Dataset) -> None:
    square = [SizeCount(1000 + number, 1000, 1) for number in range(90)]
    wide = [SizeCount(2000 + number, 1000, 1) for number in range(90)]
    for size in [*square, *wide]:
        make(dataset, width=size.width, height=size.height)
    filter = of_sizes(wide, [*square, *wide])
    assert "OR" not in filter
    assert found(dataset, filter) == 90
    # The same shapes in another size: only their sides tell them apart.
    small = [SizeCount(size.width // 2, size.height // 2, 1) for size in wide]
    for size in small:
        make(dataset, width=size.width, height=size.height)
    filter = of_sizes(wide, [*square, *wide, *small])
    assert found(dataset, filter) == 90
    mixed = [*square[::2], *wide]
    assert of_sizes(mixed, [*square, *wide]) == ""
    assert of_sizes([], square) == ""


# --- pace -------------------------------------------------------------------------------------------------------------


def work(
    dataset: Dataset, begin: datetime, images: int, *, seconds: int, by: User | None = None, **fields: Any
) -> None:  # fmt: skip
    """Somebody puts two tags on each of so many new pictures."""
    for number in range(images):
        image = make(dataset, is_tagged=True)
        for step in range(2):
            at = begin + timedelta(seconds=number * seconds + step)
            change = Change.objects.create(
                key=uuid.uuid4(), dataset=dataset, done_by=by, **{"source": Source.PERSON, **fields}
            )
            Change.objects.filter(pk=change.pk).update(done_at=at)
            TagOperation.objects.create(key=uuid.uuid4(), change=change, image=image, kind="ADD", tag_name="a", after=1)


def test_the_pace_is_pictures_an_hour_of_activity_with_pauses_left_out(dataset: Dataset) -> None:
    ana = factories.make_user(username="ana")
    work(dataset, NOW - timedelta(hours=5), 30, seconds=60, by=ana)
    work(dataset, NOW - timedelta(hours=2), 30, seconds=60, by=ana)
    pace = get_pace(dataset, 120, now=NOW)
    assert [(one.name, one.images, one.time) for one in pace.people] == [("ana", 60, timedelta(hours=1))]
    assert pace.all.an_hour == 60
    assert pace.time_left == timedelta(hours=2)
    assert pace.days[-1].images == 60
    # All of it was one day's work: the rest is two more like it.
    assert pace.days_left == 2


def test_a_picture_counts_once_on_the_day_of_its_first_word_and_for_each_who_worded_it(dataset: Dataset) -> None:
    ana, bo = factories.make_user(username="ana"), factories.make_user(username="bo")
    work(dataset, NOW - timedelta(days=1), 1, seconds=60, by=ana)
    image = dataset.images.get()
    change = Change.objects.create(key=uuid.uuid4(), dataset=dataset, source=Source.PERSON, done_by=bo)
    Change.objects.filter(pk=change.pk).update(done_at=NOW)
    TagOperation.objects.create(key=uuid.uuid4(), change=change, image=image, kind="ADD", tag_name="b", after=2)
    pace = get_pace(dataset, 0, now=NOW)
    assert [day.images for day in pace.days[-2:]] == [1, 0]
    assert sorted((one.name, one.images) for one in pace.people) == [("ana", 1), ("bo", 1)]
    assert pace.all.images == 1


def test_imports_undos_old_work_and_what_left_do_not_count(dataset: Dataset) -> None:
    work(dataset, NOW, 3, seconds=60, source=Source.SIDECAR)
    work(dataset, NOW, 3, seconds=60, source=Source.BULK)
    undone = Change.objects.latest("pk")
    work(dataset, NOW, 3, seconds=60, undoes=undone)
    work(dataset, NOW - timedelta(days=14), 3, seconds=60)
    work(dataset, NOW, 2, seconds=60)
    first, second = dataset.images.order_by("-pk")[:2]
    move_to_trash(dataset, [first.pk], by=None)
    Image.objects.filter(pk=second.pk).update(is_tagged=False)
    pace = get_pace(dataset, 9, now=NOW)
    assert sum(day.images for day in pace.days) == 0
    assert (pace.people, pace.time_left, pace.days_left) == ([], None, None)


def test_too_little_work_tells_no_pace(dataset: Dataset) -> None:
    work(dataset, NOW - timedelta(hours=1), 19, seconds=60)
    pace = get_pace(dataset, 5, now=NOW)
    assert (pace.all.images, pace.all.an_hour, pace.time_left) == (19, None, None)


def test_time_at_work_is_from_picture_to_picture() -> None:
    minutes = [0, 1, 3, 30, 32]
    moments = [NOW + timedelta(minutes=minute) for minute in minutes]
    # 1 + 2 + 2 minutes between them, and the usual 2 for what each of two sittings began or ended with.
    assert time_at_work(moments) == timedelta(minutes=9)
    assert time_at_work([]) == time_at_work([NOW]) == timedelta()


# --- goals ------------------------------------------------------------------------------------------------------------


def test_a_goal_tells_how_far_it_is(dataset: Dataset) -> None:
    for number in range(5):
        make(dataset, *(["profile"] if number < 2 else []))
    add_goal(dataset, name="  Profile \n shots ", filter=" profile ", wanted=4)
    add_goal(dataset, name="All", filter="", wanted=5)
    first, second = get_goals(dataset)
    assert (first.name, first.filter, first.have, first.missing, first.is_reached) == (
        "Profile shots",
        "profile",
        2,
        2,
        False,
    )
    assert (second.have, second.missing, second.is_reached, second.share) == (5, 0, True, 1.0)


@pytest.mark.parametrize(
    ("name", "wanted", "field"),
    [("", 1, "name"), ("  ", 1, "name"), ("x" * 121, 1, "name"), ("a", 0, "wanted"), ("a", 1_000_001, "wanted")],
)
def test_a_goal_that_cannot_be_is_refused_for_its_field(dataset: Dataset, name: str, wanted: int, field: str) -> None:
    with pytest.raises(GoalRefused) as refused:
        add_goal(dataset, name=name, filter="", wanted=wanted)
    assert refused.value.field == field
    assert not Goal.objects.exists()


def test_a_filter_that_cannot_be_read_sets_no_goal_and_one_that_became_so_says_why(dataset: Dataset) -> None:
    with pytest.raises(BadFilter):
        add_goal(dataset, name="a", filter="(hat", wanted=1)
    goal = add_goal(dataset, name="a", filter="hat", wanted=1)
    Goal.objects.filter(pk=goal.pk).update(filter="(hat")
    (told,) = get_goals(dataset)
    assert told.have == 0
    assert told.problem


def test_a_dataset_has_so_many_goals_and_not_more(dataset: Dataset) -> None:
    for number in range(MOST_GOALS):
        add_goal(dataset, name=f"goal {number}", filter="", wanted=1)
    with pytest.raises(TooManyGoals):
        add_goal(dataset, name="one more", filter="", wanted=1)
    assert Goal.objects.count() == MOST_GOALS


def test_a_goal_that_somebody_removed_cannot_be_changed_and_can_be_removed_twice(dataset: Dataset) -> None:
    goal = add_goal(dataset, name="a", filter="", wanted=1)
    remove_goal(goal)
    remove_goal(goal)
    goal.pk = 1
    with pytest.raises(Goal.DoesNotExist):
        change_goal(goal, name="b", filter="", wanted=1)


def test_goals_are_told_to_open_pages_by_the_revision(dataset: Dataset) -> None:
    goal = add_goal(dataset, name="a", filter="", wanted=1)
    change_goal(goal, name="b", filter="hat", wanted=2)
    remove_goal(goal)
    dataset.refresh_from_db()
    assert dataset.revision == 3


# --- the page ---------------------------------------------------------------------------------------------------------


class _Links(HTMLParser):
    """The links of a page with what each is called, and everything that a strict policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        facts = dict(attributes)
        if tag == "a":
            self.links.append((facts.get("href") or "", facts.get("aria-label") or ""))
        self.forbidden += [name for name in facts if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not facts.get("src") and facts.get("type") != "application/json"):
            self.forbidden.append(tag)


def links_of(page: str) -> _Links:
    reader = _Links()
    reader.feed(page)
    return reader


def test_every_mark_leads_to_the_pictures_that_it_counts(client: Client, dataset: Dataset) -> None:
    for number in range(12):
        make(dataset, "girl", f"tag {number % 3}", width=[640, 1000, 3000][number % 3], height=1000)
    Tag.objects.filter(name="girl").update(category=TagCategory.objects.create(name="clo<thes", colour="red"))
    page = client.get(board_address(dataset)).content.decode()
    counted = 0
    for address, label in links_of(page).links:
        parts = urlsplit(address)
        filter = parse_qs(parts.query).get("filter", [""])[0]
        if not filter or parts.path != f"/datasets/{dataset.pk}/":
            continue
        pictures = re.search(r"(?:on |: )([\d,]+) pictures?", label)
        if pictures:
            assert found(dataset, filter) == int(pictures[1].replace(",", "")), (filter, label)
            counted += 1
        else:
            read_filter(filter, dataset)
    assert counted > 10


def test_names_are_text_on_the_page_and_nothing_of_it_is_inline(client: Client, dataset: Dataset) -> None:
    dataset.name = "<script>alert(1)</script>"
    dataset.save()
    make(dataset, "<b>bold</b>", '"><script>', "a'b", width=1234, height=567)
    make(dataset, "<b>bold</b>")
    add_goal(dataset, name="<i>x</i>", filter='"<b>bold</b>"', wanted=1)
    page = client.get(board_address(dataset)).content.decode()
    assert links_of(page).forbidden == []
    assert "<b>bold" not in page
    assert "<i>x" not in page
    assert "alert(1)</script>" not in page
    assert "&lt;b&gt;bold" in page


def test_an_empty_dataset_says_what_to_do(client: Client, dataset: Dataset) -> None:
    page = client.get(board_address(dataset)).content.decode()
    assert "Nothing to count yet" in page
    assert f"/datasets/{dataset.pk}/import/" in page
    assert "<figure" not in page


def test_pictures_without_tags_say_what_to_do_and_still_show_sizes(client: Client, dataset: Dataset) -> None:
    make(dataset)
    page = client.get(board_address(dataset)).content.decode()
    assert "No picture has a tag yet" in page
    assert 'id="sizes"' in page
    assert "Too little was tagged by hand" in page
    assert "Nothing was tagged by hand in the last 14 days" in page


def test_numbers_keep_their_points_in_a_language_with_commas(
    client: Client, dataset: Dataset, settings: Settings
) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    settings.LANGUAGE_CODE = "de"
    for number in range(3):
        make(dataset, "a", *(["b"] if number else []))
    page = client.get(board_address(dataset), headers={"accept-language": "de"}).content.decode()
    drawings = re.findall(r"<svg class=\"chart__drawing.*?</svg>", page, re.DOTALL)
    assert drawings
    attributes = re.findall(r' (?:x|y|width|height|x1|x2|y1|y2|cx|cy|r|fill-opacity)="([^"]*)"', "".join(drawings))
    assert [value for value in attributes if not re.fullmatch(r"-?\d+(\.\d+)?%?", value)] == []


def test_the_board_takes_as_many_questions_for_many_pictures_as_for_few(client: Client, dataset: Dataset) -> None:
    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(board_address(dataset))
        return len(asked)

    for number in range(3):
        make(dataset, f"tag {number}", "all", width=600 + number)
    questions()
    few = questions()
    for number in range(30):
        make(dataset, f"tag {number}", "all", width=700 + number)
    Dataset.objects.filter(pk=dataset.pk).update(revision=7)
    Image.objects.filter(dataset=dataset).update(changed_at_revision=7)
    questions()
    assert questions() == few


def test_the_trainer_of_the_address_is_shown(client: Client, dataset: Dataset) -> None:
    make(dataset, width=3000, height=1000)
    page = client.get(f"{board_address(dataset)}?trainer=diffusion-pipe&base=1024").content.decode()
    assert "3000 × 1000 → 1456 × 720" in page
    assert "32.6 %" in page
    nonsense = client.get(f"{board_address(dataset)}?trainer=%00x&base=1e9&goal=99999999999999999999")
    assert nonsense.status_code == 200


def test_goals_are_set_changed_and_removed_on_the_page_and_removing_is_undone(client: Client, dataset: Dataset) -> None:
    make(dataset, "profile")
    address = board_address(dataset)
    answer = client.post(address, {"name": "Profile shots", "filter": "profile", "wanted": "20"}, follow=True)
    assert "The goal is set." in answer.content.decode()
    assert "1 of 20" in answer.content.decode()
    goal = Goal.objects.get()
    form = client.get(f"{address}?goal={goal.pk}").content.decode()
    assert 'value="Profile shots"' in form
    answer = client.post(
        f"{address}?goal={goal.pk}", {"name": "Profiles", "filter": "profile", "wanted": "1"}, follow=True
    )
    assert "reached" in answer.content.decode()
    assert Goal.objects.get().name == "Profiles"
    answer = client.post(f"{address}remove/", {"goal": goal.pk}, follow=True)
    assert not Goal.objects.exists()
    assert "The goal “Profiles” is removed." in answer.content.decode()
    client.post(f"{address}undo/")
    assert [(row.name, row.filter, row.wanted) for row in Goal.objects.all()] == [("Profiles", "profile", 1)]
    client.post(f"{address}undo/")
    assert Goal.objects.count() == 1


def test_a_form_that_cannot_be_read_keeps_what_was_typed_and_says_why(client: Client, dataset: Dataset) -> None:
    make(dataset)
    page = client.post(board_address(dataset), {"name": "a", "filter": "(hat", "wanted": "x"}).content.decode()
    assert 'value="(hat"' in page
    assert "Enter a whole number" in page
    page = client.post(board_address(dataset), {"name": "a", "filter": "(hat", "wanted": "3"}).content.decode()
    assert re.search(r'role="alert"[^>]*>[^<]+</p>', page)
    assert not Goal.objects.exists()


# --- the API and who may --------------------------------------------------------------------------------------------


def test_the_api_gives_the_board(client: Client, dataset: Dataset) -> None:
    make(dataset, "hat", width=1920, height=1080)
    make(dataset)
    add_goal(dataset, name="hats", filter="hat", wanted=2)
    answer = client.get(f"/api/v1/datasets/{dataset.pk}/board?trainer=kohya&base=1024").json()
    assert answer["numbers"] == {"images": 2, "tagged": 1, "captioned": 0, "approved": 0}
    assert answer["words"]["top"] == [
        {"name": "hat", "category": "", "colour": "", "images": 1, "share": 1.0, "filter": "hat"}
    ]
    assert [(bucket["width"], bucket["height"], bucket["filter"]) for bucket in answer["shapes"]["buckets"]] == [
        (1152, 896, "size:640x480"),
        (1344, 768, "size:1920x1080"),
    ]
    assert answer["goals"][0]["have"] == 1
    assert answer["pace"]["left"] == 1
    assert answer["pace"]["seconds_left"] is None
    assert len(answer["pace"]["days"]) == 14


def test_the_api_keeps_goals(client: Client, dataset: Dataset) -> None:
    goals = f"/api/v1/datasets/{dataset.pk}/goals"
    json = "application/json"
    made = client.post(goals, {"name": "hats", "filter": "hat", "wanted": 3}, content_type=json)
    assert made.status_code == 201
    goal = f"/api/v1/goals/{made.json()['id']}"
    assert made.json()["missing"] == 3
    changed = client.put(goal, {"name": "caps", "filter": "cap", "wanted": 1}, content_type=json)
    assert (changed.status_code, changed.json()["name"]) == (200, "caps")
    bad = client.post(goals, {"name": "x", "filter": "hat )", "wanted": 3}, content_type=json)
    assert bad.status_code == 422
    assert bad.json()["start"] == 4
    empty = client.post(goals, {"name": " ", "wanted": 3}, content_type=json)
    assert (empty.status_code, empty.json()["detail"]) == (422, "Give the goal a name, such as “profile shots”.")
    assert client.get(goals).json()["goals"][0]["filter"] == "cap"
    assert client.delete(goal).status_code == 204
    assert client.delete(goal).status_code == 404
    assert client.get(goals).json() == {"goals": []}


def test_who_is_not_signed_in_sees_no_board_and_changes_no_goal(client: Client, settings: Settings) -> None:
    settings.AUTH_MODE = "password"
    dataset = factories.make_dataset()
    make(dataset)
    goal = add_goal(dataset, name="a", filter="", wanted=1)
    facts = {"name": "b", "filter": "", "wanted": 1}
    assert client.get(board_address(dataset)).status_code == 302
    assert client.post(f"{board_address(dataset)}remove/", {"goal": goal.pk}).status_code == 302
    assert client.get(f"/api/v1/datasets/{dataset.pk}/board").status_code == 401
    assert client.put(f"/api/v1/goals/{goal.pk}", facts, content_type="application/json").status_code == 401
    assert client.delete(f"/api/v1/goals/{goal.pk}").status_code == 401
    assert Goal.objects.get().name == "a"
    client.force_login(factories.make_member(dataset))
    assert client.get(board_address(dataset)).status_code == 200
    assert client.delete(f"/api/v1/goals/{goal.pk}").status_code == 204


def test_a_goal_of_another_dataset_is_not_removed_through_this_one(client: Client, dataset: Dataset) -> None:
    goal = add_goal(factories.make_dataset(), name="a", filter="", wanted=1)
    assert client.post(f"{board_address(dataset)}remove/", {"goal": goal.pk}).status_code == 404
    client.post(f"{board_address(dataset)}?goal={goal.pk}", {"name": "b", "filter": "", "wanted": 1})
    goal.refresh_from_db()
    assert goal.name == "a"
    assert client.get("/datasets/999999/board/").status_code == 404


def test_the_whole_board_of_a_dataset_without_anything(dataset: Dataset) -> None:
    board = get_board(dataset, ShapesAsked())
    assert board.numbers.images == 0
    assert not [*board.words.top, *board.words.categories, *board.shapes.dots, *board.goals]
    assert board.pace.days[-1].day == timezone.now().astimezone(UTC).date()


# --- length of texts --------------------------------------------------------------------------------------------------


def write_length(image: Image, **counts: int | None) -> None:
    TextLength.objects.create(image=image, counted_at_revision=image.changed_at_revision, trigger_word="", **counts)


def test_lengths_are_told_by_steps_with_those_beyond_the_limit_and_those_not_counted(dataset: Dataset) -> None:
    for of_clip, of_t5 in [(0, 1), (15, 20), (75, 90), (76, 100), (300, 600)]:
        write_length(make(dataset), clip=of_clip, t5=of_t5)
    make(dataset)
    lengths = get_text_lengths(dataset)
    assert lengths.being_counted == 1
    clip, t5 = lengths.encoders
    assert [(step.low, step.high) for step in clip.steps if step.images] == [
        (0, 0),
        (1, 15),
        (61, 75),
        (76, 90),
        (226, None),
    ]
    assert (clip.images, clip.limit, clip.over) == (5, 75, 2)
    assert (t5.images, t5.limit, t5.over) == (5, 512, 1)
    over = next(step for step in clip.steps if step.low == 76)
    assert over.filter == "tokens:76..90"
    assert t5.steps[-1].filter == "t5:513.."
    assert parse_filter(t5.steps[-1].filter) == tree.Number("t5", 513, None)


def test_a_dataset_whose_tokens_cannot_be_counted_says_what_would(client: Client, dataset: Dataset) -> None:
    write_length(make(dataset), clip=3, t5=None)
    clip, t5 = get_text_lengths(dataset).encoders
    assert (clip.can_count, t5.can_count) == (True, False)
    page = client.get(board_address(dataset)).content.decode()
    assert "make tokens" in page
    assert 'id="tokens-clip"' in page


def test_what_is_not_counted_is_asked_for(client: Client, dataset: Dataset) -> None:
    wanted: list[int] = []

    def hear(dataset_id: int, **_: Any) -> None:
        wanted.append(dataset_id)

    text_lengths_wanted.connect(hear)
    try:
        write_length(make(dataset), clip=3, t5=4)
        client.get(board_address(dataset))
        assert wanted == []
        make(dataset)
        page = client.get(board_address(dataset)).content.decode()
    finally:
        text_lengths_wanted.disconnect(hear)
    assert wanted == [dataset.pk]
    assert "1 text is still being counted" in page
