"""What cameras and generators write into pictures stays in the original, and is in nothing made of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from datasets import paths
from datasets.models import Dataset
from tests import images, uploading

pytestmark = pytest.mark.django_db

PLANTED = "planted-metadata"
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{PLANTED}</rdf:RDF></x:xmpmeta>'.encode()


def exif() -> Image.Exif:
    """Where a picture was taken, with what, and by whom."""
    found = Image.Exif()
    found[ExifTags.Base.Make] = found[ExifTags.Base.Artist] = found[ExifTags.Base.ImageDescription] = PLANTED
    found[ExifTags.Base.Orientation] = 6
    place = found.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (48.0, 12.0, 30.0)
    return found


def png_texts() -> PngInfo:
    """What generators write."""
    info = PngInfo()
    info.add_text("parameters", PLANTED)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=False)
    return info


KINDS: dict[str, dict[str, Any]] = {
    "JPEG": {"exif": exif(), "xmp": XMP, "comment": PLANTED.encode()},
    "PNG": {"exif": exif(), "pnginfo": png_texts()},
    "WEBP": {"exif": exif(), "xmp": XMP},
    "AVIF": {"exif": exif(), "xmp": XMP},
    "TIFF": {"exif": exif(), "compression": None},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_original_is_as_it_came_and_what_is_shown_tells_nothing(
    dataset: Dataset, data_dir: Path, kind: str
) -> None:
    content = images.encoded(kind, width=900, height=700, seed=3, **KINDS[kind])
    assert PLANTED.encode() in content
    item = uploading.bring(uploading.start(dataset), f"picture.{kind.lower()}", content)
    image = item.image
    assert image is not None, item.reason
    assert paths.original_path(data_dir, image.sha256, image.format).read_bytes() == content
    for path in (paths.thumbnail_path(data_dir, image.sha256), paths.preview_path(data_dir, image.sha256)):
        made = path.read_bytes()
        assert not any(mark in made for mark in (PLANTED.encode(), b"Exif", b"EXIF", b"XMP ", b"xmpmeta", b"<rdf"))
        with Image.open(io.BytesIO(made)) as shown:
            assert dict(shown.getexif()) == {}
            assert not set(shown.info) & {"exif", "xmp", "comment", "photoshop", "parameters"}
            assert shown.width < shown.height, "turned upright first"
