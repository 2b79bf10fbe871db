"""What was uploaded is a picture or nothing, whatever else it also is; small copies do not tell where it was taken."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from PIL import ExifTags, PngImagePlugin
from PIL import Image as Picture

from datasets.imaging import FORMATS
from datasets.models import Dataset, Image
from tests import images, uploading

PAGE = b"<!doctype html><html><script>alert(document.domain)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
SCRIPT = "<script>alert(1)</script>"
ADDRESS = "secret place 48.85837 2.29448"
TYPES = {f"image/{format.lower()}" for format in FORMATS}


def after(format: str) -> bytes:
    return images.encoded(format) + PAGE


def in_comment() -> bytes:
    return images.encoded("JPEG", comment=PAGE)


def in_text() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", PAGE.decode())
    notes.add_itxt("XML:com.adobe.xmp", SVG.decode())
    return images.encoded("PNG", pnginfo=notes)


def script_gif() -> bytes:
    # A GIF and JavaScript: `GIF89a/*…*/=1;alert(1)`, in its comment.
    return images.encoded("GIF", mode="P", comment=b"*/=1;alert(document.domain)//")


POLYGLOTS: dict[str, Callable[[], bytes]] = {
    "picture.html": lambda: after("PNG"),
    "picture.svg": lambda: after("GIF"),
    "picture.jpg.php": lambda: after("JPEG"),
    "picture.pdf": lambda: after("BMP") + b"%PDF-1.7",
    "page.webp": lambda: after("WEBP"),
    "comment.htm": in_comment,
    "text.xhtml": in_text,
    "script.js": script_gif,
    "archive.jpg": lambda: images.encoded("JPEG") + b"PK\x05\x06" + bytes(18),
}
NOT_PICTURES = {
    "page.png": PAGE,
    "drawing.svg": SVG,
    "drawing.png": b'<?xml version="1.0"?>' + SVG,
    "paper.jpg": b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\n" + PAGE,
    "half.png": b"\x89PNG\r\n\x1a\n" + PAGE,
    "half.gif": b"GIF89a" + PAGE,
    "half.jpg": b"\xff\xd8\xff\xe0" + PAGE,
    "post.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
}


def address(kind: str, image: Image) -> str:
    return reverse(f"datasets:{kind}", args=[image.pk])


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_is_also_something_else_is_served_as_a_picture(client: Client, dataset: Dataset, name: str) -> None:
    image = uploading.bring(uploading.start(dataset), name, POLYGLOTS[name]()).image
    if image is None:
        # Refused whole is as good.
        return
    for kind in ("thumbnail", "preview", "original"):
        answer = client.get(address(kind, image))
        assert answer["Content-Type"] in TYPES
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        is_original = kind == "original"
        assert answer.get("Content-Disposition", "").startswith("attachment") == is_original
        if not is_original:
            assert b"alert(" not in answer.content


def test_most_of_them_are_pictures(dataset: Dataset) -> None:
    job = uploading.start(dataset)
    assert sum(uploading.bring(job, name, make()).image is not None for name, make in POLYGLOTS.items()) >= 6


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_what_is_no_picture_is_not_stored(dataset: Dataset, name: str) -> None:
    item = uploading.bring(uploading.start(dataset), name, NOT_PICTURES[name])
    assert item.image is None
    assert not Image.everything.exists()


def with_everything(format: str) -> bytes:
    exif = Picture.Exif()
    exif[ExifTags.Base.Make] = exif[ExifTags.Base.ImageDescription] = ADDRESS
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (48.0, 51.0, 30.0)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (2.0, 17.0, 40.0)
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><where>{ADDRESS}{SCRIPT}</where></x:xmpmeta>'.encode()
    options = {"exif": exif} if format in {"AVIF", "TIFF"} else {"exif": exif, "xmp": xmp}
    return images.encoded(format, **options)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_small_copies_carry_no_metadata(client: Client, dataset: Dataset, format: str) -> None:
    content = with_everything(format)
    assert ADDRESS.encode() in content, "the original has it"
    image = uploading.bring(uploading.start(dataset), f"holiday.{format.lower()}", content).image
    assert image is not None
    for kind in ("thumbnail", "preview"):
        small = client.get(address(kind, image)).content
        picture = Picture.open(io.BytesIO(small))
        assert not picture.getexif()
        assert not {"exif", "xmp", "comment"} & set(picture.info)
        assert not any(part in small for part in (b"EXIF", b"XMP ", b"Exif", b"secret"))
    assert client.get(address("original", image)).content == content, "what trainers read is byte-true"
