"""What a person asked an export for: a profile and all that can be chosen within it. Pure.

As JSON it is canonical: equal options are equal text, whatever order they came in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar, get_args

from tagging.text import one_line
from tagging.trainers.profiles import PROFILES, Profile, UnknownProfile, get_profile
from tagging.trainers.reading import LONGEST_TEMPLATE
from tagging.trainers.records import FrozenImage
from tagging.trainers.styles import ORDERS, UNDERSCORES, TagStyle
from tagging.trainers.templates import Template, read_template

PixelMode = Literal["original", "converted"]
PixelFormat = Literal["keep", "jpeg", "png", "webp"]
Untagged = Literal["include", "leave-out"]
PIXEL_MODES: tuple[PixelMode, ...] = get_args(PixelMode)
PIXEL_FORMATS: tuple[PixelFormat, ...] = get_args(PixelFormat)
UNTAGGED: tuple[Untagged, ...] = get_args(Untagged)

MOST_REPEATS = 1000
SMALLEST_SIDE, LARGEST_SIDE = 64, 16_384
SMALLEST_RESOLUTION, LARGEST_RESOLUTION = 64, 4096
# As many characters as the filter language reads.
LONGEST_FILTER = 4000
LONGEST_FOLDER = 1000
LONGEST_SEPARATOR = 10
MOST_KEPT = 100

_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "jpeg": "jpg", "png": "png", "webp": "webp"}


class BadOptions(ValueError):
    """Options that cannot be read or that a profile does not have; `tagging.queries.template_sentences` has the words.

    Attributes:
        code: `profile`, `variant`, `unknown`, `kind`, `choice`, `range`, `long`, `colour`, `separator`, `marker`,
            `secondary` or `shuffle`.
        key: which option: `pixels.quality`.
        value: what was given, as text.
    """

    def __init__(self, code: str, key: str, value: object = "") -> None:
        super().__init__(code)
        self.code = code
        self.key = key.encode("utf-8", "replace").decode("utf-8")
        # Half an emoji can be asked for, but not be said back.
        self.value = str(value).encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class PixelOptions:
    """What becomes of the pictures.

    Attributes:
        mode: `original`: those that every trainer reads as they are go out byte for byte, and only the others are
            converted; `converted`: all are.
        longest_side: a picture with a longer side is made smaller, whatever the mode; `None` for no limit.
        background: what transparency is laid on, `#rrggbb`.
        format: of pictures that are converted; `keep`: JPEG stays JPEG, anything else becomes PNG.
        quality: of JPEG and WebP, 1 to 100.
    """

    mode: PixelMode = "original"
    longest_side: int | None = None
    background: str = "#ffffff"
    format: PixelFormat = "keep"
    quality: int = 95

    def keeps(self, image: FrozenImage) -> bool:
        """Whether a picture goes out byte for byte."""
        if self.mode != "original" or not image.is_plain or image.format not in _EXTENSIONS:
            return False
        return self.longest_side is None or max(image.width, image.height) <= self.longest_side

    def expected_size(self, byte_size: int, width: int, height: int) -> int:
        """Return about how many bytes a picture takes when it goes out: made smaller, it shrinks with its area.

        Known before it is written: where archives have a size, the same version is dealt into the same ones.
        """
        longest = max(width, height)
        if self.longest_side is None or longest <= self.longest_side:
            return byte_size
        return max(1, byte_size * self.longest_side**2 // longest**2)

    def extension_of(self, image: FrozenImage) -> str:
        """Return the extension of the picture as it goes out, in lower case and without a dot."""
        if self.keeps(image):
            return _EXTENSIONS[image.format]
        if self.format != "keep":
            return _EXTENSIONS[self.format]
        return "jpg" if image.format == "JPEG" else "png"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What an export is made by.

    Attributes:
        profile: the slug of one.
        variant: the slug of one of its variants.
        template: as a person wrote it.
        style: how tags are written.
        filter: which images, in the filter's language; empty for all.
        repeats: how often each comes in an epoch.
        resolution: the side of the square whose area pictures are trained at.
        pixels: what becomes of the pictures.
        untagged: whether images with neither tag nor caption go along.
        folder: where the archive will be unpacked, for configurations that want whole paths; empty where nobody knows.
    """

    profile: str
    variant: str
    template: str
    style: TagStyle = field(default_factory=TagStyle)
    filter: str = ""
    repeats: int = 1
    resolution: int = 1024
    pixels: PixelOptions = field(default_factory=PixelOptions)
    untagged: Untagged = "include"
    folder: str = ""

    @property
    def rules(self) -> Profile:
        """The profile itself."""
        return get_profile(self.profile)

    def read_template(self) -> Template:
        """Return the template.

        Raises:
            tagging.trainers.templates.BadTemplate: it cannot be read.
        """
        return read_template(self.template)

    def to_json(self) -> str:
        """Return the options as canonical JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | Mapping[str, Any]) -> ExportOptions:
        """Read options; what is not given is as the profile has it.

        Raises:
            BadOptions: they are none, or the profile does not have them.
            tagging.trainers.templates.BadTemplate: the template cannot be read.
        """
        return _read(_object(text))


_Whole = TypeVar("_Whole", ExportOptions, TagStyle, PixelOptions)


def default_options(slug: str, variant: str = "") -> ExportOptions:
    """Return what a profile's export is made by unless a person asks for something else.

    Raises:
        BadOptions: there is no such profile or variant.
    """
    if slug not in PROFILES:
        raise BadOptions("profile", "profile", slug)
    profile = PROFILES[slug]
    try:
        chosen = profile.variant(variant)
    except UnknownProfile as error:
        raise BadOptions("variant", "variant", variant) from error
    return ExportOptions(
        profile=slug,
        variant=chosen.slug,
        template=profile.template_of(chosen.slug),
        style=profile.default_style,
        resolution=profile.default_resolution,
    )


def _object(text: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(text, Mapping):
        return text
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadOptions("kind", "options", text[:40]) from error
    if not isinstance(given, dict):
        raise BadOptions("kind", "options", text[:40])
    return given


def _read(given: Mapping[str, Any]) -> ExportOptions:
    slug, variant = given.get("profile", ""), given.get("variant", "")
    if not isinstance(slug, str) or not isinstance(variant, str):
        raise BadOptions("kind", "profile")
    options = default_options(slug, variant)
    simple = {key: value for key, value in given.items() if key not in {"profile", "variant", "style", "pixels"}}
    options = replace(
        _changed(options, simple, ""),
        style=_changed(options.style, given.get("style", {}), "style"),
        pixels=_changed(options.pixels, given.get("pixels", {}), "pixels"),
    )
    _check_style(options.style, options.rules)
    options.read_template()
    return options


_WHOLE = frozenset(("kept", "longest_side", "repeats", "resolution", "quality"))
_MAY_BE_NONE = frozenset(("kept", "marker", "secondary", "longest_side"))
_YES_OR_NO = frozenset(("escape_parentheses", "keeps_prose_start"))
_CHOICES: Mapping[str, Sequence[str]] = {
    "underscores": UNDERSCORES,
    "order": ORDERS,
    "mode": PIXEL_MODES,
    "format": PIXEL_FORMATS,
    "untagged": UNTAGGED,
}
_RANGES = {
    "kept": (0, MOST_KEPT),
    "longest_side": (SMALLEST_SIDE, LARGEST_SIDE),
    "quality": (1, 100),
    "repeats": (1, MOST_REPEATS),
    "resolution": (SMALLEST_RESOLUTION, LARGEST_RESOLUTION),
}
_LENGTHS = {"filter": LONGEST_FILTER, "folder": LONGEST_FOLDER, "separator": LONGEST_SEPARATOR}


def _changed(whole: _Whole, given: Any, group: str) -> _Whole:
    """Return options with what is given in place of what they have."""
    if not isinstance(given, Mapping):
        raise BadOptions("kind", group, given)
    known = {each.name for each in fields(whole)}
    for key, value in given.items():
        path = f"{group}.{key}" if group else str(key)
        if key not in known:
            raise BadOptions("unknown", path, key)
        _check_value(path, key, value)
    return replace(whole, **given)


def _check_value(path: str, key: str, value: Any) -> None:
    if value is None and key in _MAY_BE_NONE:
        return
    kind = bool if key in _YES_OR_NO else int if key in _WHOLE else str
    if type(value) is not kind or not _is_text(str(value)):
        raise BadOptions("kind", path, value)
    _check_range(path, key, value)


def _is_text(text: str) -> bool:
    """JSON can spell half an emoji and NUL, which no database and no file holds."""
    return "\0" not in text and text.encode("utf-8", "ignore").decode("utf-8") == text


def _check_range(path: str, key: str, value: Any) -> None:
    if key in _CHOICES and value not in _CHOICES[key]:
        raise BadOptions("choice", path, value)
    if key in _RANGES and not _RANGES[key][0] <= value <= _RANGES[key][1]:
        raise BadOptions("range", path, value)
    if len(str(value)) > _LENGTHS.get(key, LONGEST_TEMPLATE):
        raise BadOptions("long", path, value)
    if key == "background" and not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise BadOptions("colour", path, value)


def _check_style(style: TagStyle, profile: Profile) -> None:
    """Check that the trainer knows what the style asks of it."""
    line = one_line(f"|{style.separator}|")
    if line != f"|{style.separator}|" or not style.separator or "{" in line or "}" in line:
        raise BadOptions("separator", "style.separator", style.separator)
    if style.kept is not None and not profile.shuffles:
        raise BadOptions("shuffle", "style.kept", profile.title)
    if style.marker is not None and style.marker not in profile.markers:
        raise BadOptions("marker", "style.marker", style.marker)
    if style.secondary is not None and style.secondary not in profile.secondaries:
        raise BadOptions("secondary", "style.secondary", style.secondary)


def limits_of(key: str) -> tuple[int, int]:
    """Return the smallest and the largest that an option of whole numbers may be."""
    return _RANGES[key]


def choices_of(key: str) -> Sequence[str]:
    """Return what an option may be, where it is a choice."""
    return _CHOICES[key]
