"""Colour profiles: pictures whose numbers mean other colours than sRGB's are brought to sRGB. No Django."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

_MODES_OF_SPACE = {"RGB": ("RGB",), "GRAY": ("L",), "CMYK": ("CMYK",)}


def has_foreign_profile(picture: Image.Image) -> bool:
    """Whether a picture carries a profile that is not sRGB: Display P3 of a phone, Adobe RGB, a printer's CMYK.

    Most cameras embed sRGB itself; that says nothing new. A profile that cannot be read is no profile.
    """
    profile = _profile(picture)
    return profile is not None and "srgb" not in ImageCms.getProfileDescription(profile).lower()


def to_srgb(picture: Image.Image) -> Image.Image:
    """Return the picture in sRGB where its profile says that it is not; else the picture itself."""
    if not has_foreign_profile(picture):
        return picture
    profile = _profile(picture)
    if profile is None or picture.mode not in _MODES_OF_SPACE.get(profile.profile.xcolor_space.strip(), ()):
        return picture
    try:
        converted = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, ValueError):
        return picture  # a profile that does not work is worth less than the plain numbers
    return picture if converted is None else converted


def _profile(picture: Image.Image) -> ImageCms.ImageCmsProfile | None:
    content = picture.info.get("icc_profile")
    if not isinstance(content, bytes):
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(content))
    except (OSError, ImageCms.PyCMSError):
        return None
