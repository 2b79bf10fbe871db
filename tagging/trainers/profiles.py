"""The nine profiles: what each trainer is given unless a person asks for something else.

Where the facts come from: the trainers' own loaders; `docs/export.md` says what each gets and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from tagging.trainers.styles import TagStyle

LabelKind = Literal["tags", "prose", "both"]
# Templates to begin with. The last is what the desk shows as the trainer's text.
TEMPLATES: Mapping[LabelKind, str] = MappingProxyType(
    {
        "tags": "{trigger}, {tags}",
        "prose": "{trigger} {caption}",
        "both": "{trigger}, {tags}, {caption}",
    }
)
DEFAULT_TEMPLATE = TEMPLATES["both"]
PROFILE_SLUGS = (
    "kohya",
    "ai-toolkit",
    "onetrainer",
    "musubi-tuner",
    "diffusion-pipe",
    "simpletuner",
    "huggingface",
    "civitai",
    "plain",
)


class UnknownProfile(KeyError):
    """There is no profile, or no variant of one, of this name; `args[0]` is the name."""


@dataclass(frozen=True, slots=True)
class ImageRule:
    """Which pictures a trainer loads.

    Attributes:
        formats: those whose files it reads as they are, where their pixels are plain.
        extensions: how these are named; always lower case.
        keeps_plain_originals: plain pictures of these formats go out byte for byte unless a person asks otherwise.
        smallest_side: with a side shorter than this it refuses the picture, or breaks.
        largest_side: a longer side it makes shorter itself; `None` where it does not care.
    """

    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP")
    extensions: tuple[str, ...] = ("jpg", "png", "webp")
    keeps_plain_originals: bool = True
    smallest_side: int = 64
    largest_side: int | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the ways in which a trainer can be fed; the first of a profile is the default.

    Attributes:
        slug: its name in options.
        template: what it starts from; empty for the profile's.
    """

    slug: str
    template: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules of one trainer.

    Attributes:
        slug: its name in options and addresses.
        title: as its makers write it.
        label_kinds: what it can be fed with; keys of `TEMPLATES`, the preferred one first.
        default_template: what stands in the `.txt`.
        default_style: how tags are written.
        image_rule: which pictures it loads.
        variants: the layouts it can be given.
        resolutions: what is common, smallest first.
        default_resolution: one of them.
        most_images_a_part: more than these go into further archives; `None` for no limit.
        most_bytes_a_part: likewise, of pictures as far as their size can be told before they are written.
        has_repeats: its configuration says how often an image comes in an epoch.
        has_resolution: its configuration says how large pictures are trained.
        shuffles: whether its configuration can shuffle tags and keep the first ones in front.
        markers: what can stand behind the part that is kept.
        secondaries: what can join tags that are shuffled together.
    """

    slug: str
    title: str
    label_kinds: tuple[LabelKind, ...] = ("both", "tags", "prose")
    default_template: str = DEFAULT_TEMPLATE
    default_style: TagStyle = field(default_factory=TagStyle)
    image_rule: ImageRule = field(default_factory=ImageRule)
    variants: tuple[Variant, ...] = (Variant("folder"),)
    resolutions: tuple[int, ...] = (512, 768, 1024, 1280, 1536)
    default_resolution: int = 1024
    most_images_a_part: int | None = None
    most_bytes_a_part: int | None = None
    has_repeats: bool = True
    has_resolution: bool = True
    shuffles: bool = False
    markers: tuple[str, ...] = ()
    secondaries: tuple[str, ...] = ()

    def variant(self, slug: str = "") -> Variant:
        """Return a variant; the default one for no name.

        Raises:
            UnknownProfile: there is none of this name.
        """
        if not slug:
            return self.variants[0]
        for variant in self.variants:
            if variant.slug == slug:
                return variant
        raise UnknownProfile(slug)

    def template_of(self, variant: str = "") -> str:
        """Return the template that a variant starts from.

        Raises:
            UnknownProfile: there is no such variant.
        """
        return self.variant(variant).template or self.default_template


_PROFILES = (
    Profile(
        "kohya",
        "kohya sd-scripts",
        variants=(Variant("folder"), Variant("repeats"), Variant("metadata")),
        shuffles=True,
        markers=("|||",),
        secondaries=(";;;",),
    ),
    Profile("ai-toolkit", "ai-toolkit"),
    Profile("onetrainer", "OneTrainer", shuffles=True),
    Profile("musubi-tuner", "musubi-tuner", variants=(Variant("folder"), Variant("list"))),
    Profile("diffusion-pipe", "diffusion-pipe"),
    Profile("simpletuner", "SimpleTuner"),
    Profile("huggingface", "Hugging Face imagefolder", has_repeats=False, has_resolution=False),
    Profile(
        "civitai",
        "CivitAI",
        label_kinds=("tags", "prose"),
        # Its own check for the trigger word is exact: whatever follows it must be what the kind of label wants.
        default_style=TagStyle(keeps_prose_start=False),
        image_rule=ImageRule(largest_side=2048),
        variants=(Variant("tag"), Variant("caption", "{trigger} {caption}, {tags}")),
        default_resolution=512,
        most_images_a_part=1000,
        # The browser holds the zip, its pictures and the zip that it makes anew, and has to stay well under 2 GB.
        most_bytes_a_part=1_000_000_000,
        has_repeats=False,
        has_resolution=False,
    ),
    Profile("plain", "Plain folder", has_repeats=False, has_resolution=False),
)
PROFILES: Mapping[str, Profile] = MappingProxyType({profile.slug: profile for profile in _PROFILES})


def get_profile(slug: str) -> Profile:
    """Return a profile.

    Raises:
        UnknownProfile: there is none of this name.
    """
    try:
        return PROFILES[slug]
    except KeyError as error:
        raise UnknownProfile(slug) from error
