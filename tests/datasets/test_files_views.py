"""Stored files are shown as what they are and can do nothing else."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import unquote

import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import reverse
from PIL import Image as Picture
from pytest_django.fixtures import Settings

from datasets import paths
from datasets.imaging import FORMATS
from datasets.models import Dataset, Image
from tests import factories, images, uploading

KINDS = ("thumbnail", "preview", "original")
POLICY = "default-src 'none'; sandbox"


def imported(dataset: Dataset, content: bytes, name: str = "cat.jpg") -> Image:
    image = uploading.bring(uploading.start(dataset), name, content).image
    assert image is not None
    return image


def address(kind: str, image_id: int) -> str:
    return reverse(f"datasets:{kind}", args=[image_id])


@pytest.mark.parametrize("format", FORMATS)
def test_an_original_comes_back_byte_true_with_the_decoders_type(client: Client, dataset: Dataset, format: str) -> None:
    content = images.encoded(format)
    image = imported(dataset, content, "lies.html")
    answer = client.get(address("original", image.pk))
    assert answer.content == content
    assert answer["Content-Type"] == f"image/{format.lower()}"
    assert answer["Content-Disposition"] == 'attachment; filename="lies.html"'


@pytest.mark.parametrize(("kind", "side"), [("thumbnail", 512), ("preview", 1600)])
def test_the_small_pictures_are_webp(client: Client, dataset: Dataset, kind: str, side: int) -> None:
    image = imported(dataset, images.encoded(width=2000, height=1000))
    answer = client.get(address(kind, image.pk))
    assert answer["Content-Type"] == "image/webp"
    picture = Picture.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size) == ("WEBP", (side, side // 2))
    assert not answer.has_header("Content-Disposition")


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_harmless_and_kept_by_the_browser(client: Client, dataset: Dataset, kind: str) -> None:
    answer = client.get(address(kind, imported(dataset, images.encoded()).pk))
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == POLICY
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert not answer.cookies


@pytest.mark.parametrize(
    "name",
    [
        "naïve 猫.jpg",
        'quote".jpg',
        "line\nbreak.jpg",
        "end\n",
        "a\r\nSet-Cookie: x=1.jpg",
        "\u202egpj.exe",
        "\x1b[2J.jpg",
        "a;b.jpg",
    ],
)
def test_any_name_is_offered_and_none_breaks_the_header(client: Client, dataset: Dataset, name: str) -> None:
    image = imported(dataset, images.encoded(), name)
    answer = client.get(address("original", image.pk))
    header = answer["Content-Disposition"]
    assert answer.status_code == 200
    assert header.startswith("attachment; ")
    assert not {"\r", "\n"} & set(header)
    assert "\n" not in unquote(header)


def test_a_large_original_is_streamed_whole(dataset: Dataset) -> None:
    content = images.encoded("BMP", width=600, height=500)
    image = imported(dataset, content)

    async def scenario() -> tuple[bytes, str]:
        answer = await AsyncClient().get(address("original", image.pk))
        assert isinstance(answer, StreamingHttpResponse)
        blocks = [block async for block in answer]
        assert len(blocks) > 1
        return b"".join(blocks), answer["Content-Length"]

    assert async_to_sync(scenario)() == (content, str(len(content)))


def test_behind_a_proxy_the_proxy_sends_the_file(client: Client, dataset: Dataset, settings: Settings) -> None:
    settings.ACCEL_PREFIX = "/internal/"
    image = imported(dataset, images.encoded())
    answer = client.get(address("original", image.pk))
    relative = paths.original_path(Path(), image.sha256, "JPEG").as_posix()
    assert answer["X-Accel-Redirect"] == f"/internal/{relative}"
    assert answer.content == b""
    assert (answer["Content-Type"], answer["Content-Security-Policy"]) == ("image/jpeg", POLICY)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_is_not_found(client: Client, dataset: Dataset, kind: str) -> None:
    assert client.get(address(kind, 10**6)).status_code == 404
    row_without_files = factories.make_image(dataset)
    assert client.get(address(kind, row_without_files.pk)).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_read_only(client: Client, dataset: Dataset, kind: str) -> None:
    path = address(kind, factories.make_image(dataset).pk)
    assert [client.post(path).status_code, client.put(path).status_code, client.delete(path).status_code] == [405] * 3


def test_a_page_is_not_served_below_the_stored_files(client: Client, dataset: Dataset) -> None:
    for path in ("/files/", "/files/images/", "/files/images/../../db.sqlite3", "/files/images/1/thumbnail/../../../x"):
        assert client.get(path).status_code == 404
