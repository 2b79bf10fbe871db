"""The desk as the server prints it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertRedirects
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image
from sessions_app.models import TaggingSession
from sessions_app.services.sessions import keep_place
from tests import factories


def _page(image: Image) -> str:
    return reverse("sessions_app:tag_image", args=[image.dataset_id, image.pk])


def test_an_empty_dataset_leads_to_the_import(client: Client, dataset: Dataset) -> None:
    answer = client.get(reverse("sessions_app:tag", args=[dataset.pk]))
    assertContains(answer, "Nothing to tag yet")
    assertContains(answer, reverse("datasets:import", args=[dataset.pk]))


def test_tagging_goes_on_where_the_person_stopped(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset)
    second = factories.make_image(dataset, is_tagged=True)
    keep_place(dataset, second, by=None)
    answer = client.get(reverse("sessions_app:tag", args=[dataset.pk]))
    assertRedirects(answer, _page(second), fetch_redirect_response=False)


def test_a_first_visit_goes_to_the_first_untagged_image(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset, is_tagged=True)
    second = factories.make_image(dataset)
    answer = client.get(reverse("sessions_app:tag", args=[dataset.pk]))
    assertRedirects(answer, _page(second), fetch_redirect_response=False)


def test_the_page_can_be_read_without_a_script(client: Client, dataset: Dataset) -> None:
    first, second, third = (factories.make_image(dataset) for _ in range(3))
    factories.make_image_tag(second, "<b>lake</b>")
    answer = client.get(_page(second))
    assertContains(answer, "&lt;b&gt;lake&lt;/b&gt;")
    assertContains(answer, f'href="{_page(first)}" rel="prev"')
    assertContains(answer, f'href="{_page(third)}" rel="next"')
    assertContains(answer, "2 of 3")
    assertContains(answer, "1 of 3 tagged")
    assertContains(answer, f"/files/images/{second.pk}/preview/?v=")


def test_looking_at_a_picture_moves_nobody(client: Client, dataset: Dataset) -> None:
    client.get(_page(factories.make_image(dataset)))
    client.get(reverse("sessions_app:tag", args=[dataset.pk]))
    assert not TaggingSession.objects.exists()


def test_a_name_of_any_kind_is_only_text(client: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset, original_name="</script><img src=x>.jpg")
    answer = client.get(_page(image))
    assert b"<img src=x>" not in answer.content


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_takes_as_many_queries_for_twenty_images_as_for_one(
    client: Client, dataset: Dataset, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    images = [factories.make_image(dataset) for _ in range(count)]
    factories.make_image_tag(images[-1], "lake")
    client.get(_page(images[-1]))
    # the image, seven for its place, four for its words, one for the keys
    with django_assert_num_queries(13):
        client.get(_page(images[-1]))


def test_an_image_of_another_dataset_is_not_found_here(client: Client, dataset: Dataset) -> None:
    stranger = factories.make_image(factories.make_dataset())
    assert client.get(reverse("sessions_app:tag_image", args=[dataset.pk, stranger.pk])).status_code == 404


def test_password_mode_asks_for_a_login(client: Client, dataset: Dataset, settings: Settings) -> None:
    settings.AUTH_MODE = "password"
    image = factories.make_image(dataset)
    answer = client.get(_page(image))
    assertRedirects(answer, f"{reverse('account_login')}?next={_page(image)}", fetch_redirect_response=False)
    client.force_login(factories.make_member(dataset))
    assert client.get(_page(image)).status_code == 200


def test_each_person_has_a_place_of_their_own(client: Client, dataset: Dataset, settings: Settings) -> None:
    settings.AUTH_MODE = "password"
    first, second = factories.make_image(dataset), factories.make_image(dataset)
    for image in (first, second):
        client.force_login(factories.make_member(dataset))
        address = reverse("api-1:write_place", args=[dataset.pk])
        client.put(address, {"image_id": image.pk}, content_type="application/json")
        assertRedirects(
            client.get(reverse("sessions_app:tag", args=[dataset.pk])), _page(image), fetch_redirect_response=False
        )
    assert set(TaggingSession.objects.values_list("current_image", flat=True)) == {first.pk, second.pk}
