"""The pages of datasets: list, new, grid, settings."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from datasets.models import Dataset, ImportJob
from tests import factories

pytestmark = pytest.mark.django_db


def fill(dataset: Dataset, count: int, **fields: object) -> None:
    for _ in range(count):
        factories.make_image(dataset, **fields)


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


# --- list ----------------------------------------------------------------------------------------


def test_an_empty_list_leads_to_the_first_dataset_in_one_click(client: Client) -> None:
    page = text(client, reverse("datasets:list"))
    assert "Make your first dataset" in page
    assert page.count(f'href="{reverse("datasets:create")}"') == 1


def test_a_card_tells_images_and_tagged(client: Client, dataset: Dataset) -> None:
    fill(dataset, 3)
    fill(dataset, 2, is_tagged=True)
    page = text(client, reverse("datasets:list"))
    assert "5 images" in page
    assert "2 tagged" in page
    assert 'max="5" value="2"' in page


def test_the_cover_is_the_first_image(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset, position=9_000_002)
    first = factories.make_image(dataset, position=5, sha256="ab" * 32)
    page = text(client, reverse("datasets:list"))
    assert f"{reverse('datasets:thumbnail', args=[first.pk])}?v=abababababab" in page


def test_a_dataset_that_is_being_filled_says_so(client: Client, dataset: Dataset) -> None:
    ImportJob.objects.create(dataset=dataset, source=ImportJob.Source.UPLOAD)
    assert "importing…" in text(client, reverse("datasets:list"))


def test_a_name_is_text_and_not_markup(client: Client) -> None:
    factories.make_dataset(name="<b>bold</b> שלום")
    page = text(client, reverse("datasets:list"))
    assert "&lt;b&gt;bold&lt;/b&gt; שלום" in page
    assert "<b>bold" not in page


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_for_any_number(
    client: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        fill(factories.make_dataset(), 2)
    # the cards, and where this person can go on
    with django_assert_num_queries(2):
        client.get(reverse("datasets:list"))


# --- new -----------------------------------------------------------------------------------------


def test_a_new_dataset_leads_to_its_import_page(client: Client) -> None:
    data = {"name": "Mia's portraits", "trigger_word": "m1a", "file_prefix": ""}
    response = client.post(reverse("datasets:create"), data)
    dataset = Dataset.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("datasets:import", args=[dataset.pk])
    assert (dataset.name, dataset.trigger_word, dataset.file_prefix) == ("Mia's portraits", "m1a", "mia-s-portraits")


def test_a_name_is_needed(client: Client) -> None:
    response = client.post(reverse("datasets:create"), {"name": " "})
    assert response.status_code == 422
    assert "Give the dataset a name." in response.content.decode()
    assert not Dataset.objects.exists()


def test_a_taken_name_is_refused_at_its_field_and_kept_in_the_box(client: Client, dataset: Dataset) -> None:
    response = client.post(reverse("datasets:create"), {"name": dataset.name.upper()})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose another name." in page
    assert f'value="{dataset.name.upper()}"' in page
    assert 'aria-invalid="true"' in page
    assert Dataset.objects.count() == 1


def test_a_prefix_that_trainers_misread_is_refused(client: Client) -> None:
    response = client.post(reverse("datasets:create"), {"name": "Set", "file_prefix": "a/b"})
    assert response.status_code == 422
    assert "id_file_prefix_error" in response.content.decode()


def test_a_trigger_word_with_a_comma_is_refused(client: Client) -> None:
    response = client.post(reverse("datasets:create"), {"name": "Set", "trigger_word": "a, b"})
    assert response.status_code == 422
    assert "id_trigger_word_error" in response.content.decode()


# --- settings ------------------------------------------------------------------------------------


def test_settings_are_saved(client: Client, dataset: Dataset) -> None:
    address = reverse("datasets:settings", args=[dataset.pk])
    response = client.post(address, {"name": "Renamed", "file_prefix": "fox", "trigger_word": "f0x"}, follow=True)
    dataset.refresh_from_db()
    assert (dataset.name, dataset.file_prefix, dataset.trigger_word) == ("Renamed", "fox", "f0x")
    assert "Saved." in response.content.decode()


def test_a_refused_change_changes_nothing(client: Client, dataset: Dataset) -> None:
    other = factories.make_dataset()
    response = client.post(reverse("datasets:settings", args=[dataset.pk]), {"name": other.name, "file_prefix": "fox"})
    assert response.status_code == 422
    assert Dataset.objects.get(pk=dataset.pk).file_prefix == dataset.file_prefix


# --- grid ----------------------------------------------------------------------------------------


def test_an_empty_dataset_asks_for_pictures(client: Client, dataset: Dataset) -> None:
    page = text(client, reverse("datasets:detail", args=[dataset.pk]))
    assert "Bring your pictures" in page
    assert reverse("datasets:import", args=[dataset.pk]) in page


def test_the_grid_can_be_read_without_a_script(client: Client, dataset: Dataset) -> None:
    fill(dataset, 70)
    first = dataset.images.in_order().first()
    assert first is not None
    address = reverse("datasets:detail", args=[dataset.pk])
    page = text(client, address)
    assert page.count('class="cell"') == 60
    assert reverse("sessions_app:tag_image", args=[dataset.pk, first.pk]) in page
    last = dataset.images.in_order()[59]
    assert f'href="?after={last.position}"' in page
    assert text(client, f"{address}?after={last.position}").count('class="cell"') == 10


def test_the_filter_is_in_the_address(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset, original_name="bare.jpg")
    factories.make_image(dataset, original_name="done.jpg", is_tagged=True)
    page = text(client, f"{reverse('datasets:detail', args=[dataset.pk])}?filter=is:untagged")
    assert 'data-filter="is:untagged"' in page
    assert "bare.jpg" in page
    assert "done.jpg" not in page


def test_a_filter_that_finds_nothing_says_what_to_do(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset, is_tagged=True)
    page = text(client, f"{reverse('datasets:detail', args=[dataset.pk])}?filter=is:untagged")
    assert "Every image is tagged" in page
    assert reverse("tagging:export", args=[dataset.pk]) in page


def test_a_filter_that_matches_nothing_is_shown_with_the_way_out(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset)
    page = text(client, f"{reverse('datasets:detail', args=[dataset.pk])}?filter=%22no+such%22+%3Cb%3E")
    assert "No image matches" in page
    assert "&quot;no such&quot; &lt;b&gt;" in page
    assert "Clear the filter" in page


def test_a_filter_that_cannot_be_read_says_why_and_shows_no_image(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset, original_name="there.jpg")
    page = text(client, f"{reverse('datasets:detail', args=[dataset.pk])}?filter=%22open")
    assert "This filter cannot be read" in page
    assert 'aria-invalid="true"' in page
    assert "there.jpg" not in page


def test_the_next_images_keep_filter_and_order(client: Client, dataset: Dataset) -> None:
    for number in range(61):
        factories.make_image(dataset, original_name=f"{number:02d}.jpg")
    address = reverse("datasets:detail", args=[dataset.pk])
    page = text(client, f"{address}?filter=is:untagged&order=name")
    found = re.search(r'href="(\?filter=is%3Auntagged&amp;order=name&amp;after=[^"]+)"', page)
    assert found
    assert "60.jpg" not in page
    assert "60.jpg" in text(client, address + unescape(found[1]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("untagged=1", "is%3Auntagged"),
        ("flag=small", "is%3Asmall"),
        ("state=CHANGES_REQUESTED", "state%3Achanges-requested"),
        ("untagged=1&flag=blurred", "is%3Auntagged+is%3Ablurred"),
    ],
)
def test_old_links_lead_to_their_filter(client: Client, dataset: Dataset, old: str, new: str) -> None:
    address = reverse("datasets:detail", args=[dataset.pk])
    answer = client.get(f"{address}?{old}")
    assert answer["Location"] == f"{address}?filter={new}"
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("after", ["x", "-5", "9" * 40, "٣"])
def test_a_nonsense_position_starts_at_the_beginning(client: Client, dataset: Dataset, after: str) -> None:
    factories.make_image(dataset, original_name="first.jpg")
    assert "first.jpg" in text(client, f"{reverse('datasets:detail', args=[dataset.pk])}?after={after}")


@pytest.mark.parametrize("count", [1, 20])
def test_the_grid_costs_the_same_for_any_number(
    client: Client, dataset: Dataset, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill(dataset, count)
    with django_assert_num_queries(10):
        client.get(reverse("datasets:detail", args=[dataset.pk]))


def test_a_dataset_that_is_not_there_is_404_with_words(client: Client) -> None:
    response = client.get(reverse("datasets:detail", args=[4711]))
    assert response.status_code == 404
    assert "Nothing is here" in response.content.decode()


# --- the frame of every page -------------------------------------------------------------------------


def test_the_theme_is_painted_by_the_server(client: Client) -> None:
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in text(client, reverse("datasets:list"))


def test_a_foreign_theme_is_not_painted(client: Client) -> None:
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in text(client, reverse("datasets:list"))


@pytest.mark.parametrize("name", ["datasets:list", "datasets:create"])
def test_a_page_has_no_script_or_style_of_its_own(client: Client, name: str) -> None:
    page = text(client, reverse(name))
    assert "style=" not in page
    assert "<style" not in page
    assert "onclick" not in page
    assert page.count("<script") == page.count("<script src=")


def test_every_page_sets_the_csrf_cookie_that_the_scripts_send_back(client: Client, dataset: Dataset) -> None:
    client.get(reverse("datasets:import", args=[dataset.pk]))
    assert "csrftoken" in client.cookies


def test_password_mode_asks_to_sign_in_first(client: Client, settings: Settings) -> None:
    settings.AUTH_MODE = "password"
    response = client.get(reverse("datasets:list"), follow=True)
    page = response.content.decode()
    assert response.redirect_chain[0][0] == f"{reverse('account_login')}?next=/"
    assert 'autocomplete="current-password"' in page
    assert "Sign out" not in page


def test_a_wrong_password_is_told_without_saying_which_half(client: Client, settings: Settings) -> None:
    settings.AUTH_MODE = "password"
    person = factories.make_user()
    response = client.post(reverse("account_login"), {"login": person.username, "password": "wrong"})
    assert "do not fit together" in response.content.decode()


def test_who_is_signed_in_can_sign_out(client: Client, settings: Settings) -> None:
    settings.AUTH_MODE = "password"
    client.force_login(factories.make_user())
    assert "Sign out" in text(client, reverse("datasets:list"))


def test_a_stale_form_is_told_what_to_do(settings: Settings) -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("datasets:create"), {"name": "Set"})
    assert response.status_code == 403
    assert "The page was open for too long" in response.content.decode()
    assert not Dataset.objects.exists()
