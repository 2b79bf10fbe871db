"""Datasets for lint: a clean one, and one with a defect of each kind, each image told with the rules that find it."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from datasets.models import Dataset, Image
from datasets.names import stem_key
from datasets.services.trash import move_to_trash
from tagging.models import Caption, Tag
from tagging.services.bulk.running import run_job
from tagging.services.lint_fixes import start_fix
from tagging.trainers.options import default_options
from tagging.trainers.profiles import PROFILES
from tests import factories

TRIGGER = "zyx_girl"
# Each is on some images, none on most.
_WORDS = ["hat", "lake", "boat", "smile", "garden", "window", "rain", "stairs"]
_LONG = " ".join(["a calm lake behind the old wooden house by the road,"] * 10)
_VERY_LONG = " ".join(["a calm lake behind the old wooden house by the road,"] * 60)

BUCKETED = frozenset({"kohya", "onetrainer", "musubi-tuner", "diffusion-pipe"})
"""Those whose buckets end at some shape: ai-toolkit and SimpleTuner keep that of the picture."""
WITHOUT_BUCKETS = frozenset({"civitai", "huggingface", "plain"})
EVERYBODY = frozenset(PROFILES)


@dataclass
class World:
    """A dataset, and which images have which defect for which profiles."""

    dataset: Dataset = field(default_factory=lambda: factories.make_dataset(trigger_word=TRIGGER, file_prefix="garden"))
    defects: defaultdict[str, dict[int, frozenset[str]]] = field(default_factory=lambda: defaultdict(dict))
    chance: random.Random = field(default_factory=lambda: random.Random(6))
    made: int = 0

    def image(self, *, tags: tuple[str, ...] | None = (), caption: str | None = "", **facts: Any) -> Image:
        """Make an image that is clean but for what is given; `None` for no tags, or for no caption."""
        self.made += 1
        usual = {
            "width": 1024,
            "height": 1024,
            "format": "PNG",
            "sharpness": 300.0,
            "dhash": self.chance.getrandbits(63),
            "original_name": f"photo {self.made:03}.png",
        }
        facts = {**usual, **facts}
        facts.setdefault("stem_key", stem_key("", str(facts["original_name"])))
        image = factories.make_image(self.dataset, **facts)
        if tags is not None:
            for name in (_WORDS[self.made % 8], _WORDS[(self.made + 3) % 8], *tags):
                factories.make_image_tag(image, name)
        if caption is not None:
            text = caption or f"She stands in view number {self.made}."
            Caption.objects.create(image=image, text=text)
            image.is_tagged = True
            image.save(update_fields=["is_tagged"])
        return image

    def bad(self, *rules: str | tuple[str, frozenset[str]], times: int = 1, **facts: Any) -> None:
        """Make images with a defect, and note which rules find them, for all profiles or for some."""
        for _time in range(times):
            image = self.image(**facts)
            for rule in rules:
                name, profiles = (rule, EVERYBODY) if isinstance(rule, str) else rule
                self.defects[name][image.pk] = profiles

    def expected(self, profile: str) -> dict[str, set[int]]:
        """Return what lint has to find for a profile: by rule, the images."""
        found = {
            rule: {pk for pk, profiles in images.items() if profile in profiles}
            for rule, images in self.defects.items()
        }
        return {rule: images for rule, images in found.items() if images}


def make_clean(images: int = 24) -> World:
    """A dataset that no trainer stumbles over."""
    world = World()
    for _ in range(images):
        world.image()
    return world


def make_bad() -> World:
    """A dataset with a defect of each kind that images can have."""
    world = make_clean()
    _add_bad_words(world)
    _add_bad_pictures(world)
    _add_everywhere(world)
    return world


def clean_up(world: World) -> None:
    """Mend everything: what is everywhere is taken off, and what has another defect goes to the trash."""
    options = default_options("plain")
    run_job(start_fix(world.dataset, options, rule="everywhere-tags", fix="take-off", key=uuid.uuid4(), by=None).pk)
    defects = {pk for rule, images in world.defects.items() if rule != "everywhere-tags" for pk in images}
    move_to_trash(world.dataset, sorted(defects), by=None)


def _add_bad_words(world: World) -> None:
    new = Tag.objects.create(name="forest")
    Tag.objects.create(name="wood", deprecated_at=timezone.now(), successor=new)
    only = {name: frozenset({name}) for name in PROFILES}
    ascii_only = ("beyond-ascii", only["diffusion-pipe"])
    world.bad("only-trigger", tags=None, caption=None)
    world.bad("mixed-labels", tags=None)
    for _ in range(2):
        world.image(caption=None)
    world.bad("trigger-twice", caption=f"A photo of {TRIGGER} by the lake.")
    world.bad("trigger-twice", caption=f"{TRIGGER.upper()} by the lake.")
    world.image(caption=f"{TRIGGER}, who stands by the lake.")
    world.bad("trigger-as-tag", times=2, tags=("zyx girl",))
    world.bad("long-for-clip", ("long-for-t5", only["onetrainer"]), caption=_LONG)
    world.bad("long-for-clip", "long-for-t5", caption=_VERY_LONG)
    world.bad("lines", caption="She stands.\nHe sits.")
    world.bad("invisible", ascii_only, caption="She\u200b stands.")
    world.bad(ascii_only, caption="She stands in a café.")
    world.bad("kept-separator", caption="She ||| stands.")
    world.bad("kept-separator", times=2, tags=("red|||blue",))
    world.bad("group-separator", caption="She ;;; stands.")
    world.bad("choice", caption="A {red|blue} hat.")
    world.bad("choice", times=2, tags=("{red|blue} coat",))
    world.bad("placeholder", caption="[trigger] stands.")
    world.bad("placeholder", times=2, tags=("[name]",))
    world.bad("escaped-parentheses", caption=r"She \(left\) stands.")
    world.bad("escaped-parentheses", times=2, tags=(r"miku \(vocaloid\)",))
    world.bad("comma-like", ascii_only, times=2, tags=("red，green",))
    world.bad("empty-parts", caption="She stands,, and waits.")
    world.bad(("capitals", only["civitai"]), times=2, tags=("Paris",))
    world.bad("deprecated-tags", times=2, tags=("wood",))
    world.bad("twin-tags", times=2, tags=("blue sky", "blue_sky"))
    world.bad("single-tags", tags=("umbrela",))


def _add_bad_pictures(world: World) -> None:
    civitai = frozenset({"civitai"})
    world.bad("below-64", width=60, height=60)
    world.bad("small", width=400, height=400)
    world.bad(("below-256", civitai), ("small", EVERYBODY - civitai), width=200, height=200)
    world.bad(("above-2048", civitai), width=3000, height=3000)
    world.bad(("cut-off", BUCKETED), ("extreme", WITHOUT_BUCKETS), width=2000, height=166)
    world.bad("masks", original_name="photo-masklabel.png")
    world.bad("near-duplicates", times=2, dhash=0x123456789ABCDEF)
    world.bad("blurred", sharpness=5.0)
    world.bad("turned", orientation=6, is_plain=False, format="JPEG")
    world.bad("other-formats", format="GIF", is_plain=False)
    world.bad("other-pixels", is_plain=False)
    for extension in ("png", "jpg"):
        world.bad("namesakes", original_name=f"twin.{extension}")


def _add_everywhere(world: World) -> None:
    for image in Image.objects.filter(dataset=world.dataset, image_tags__isnull=False).distinct():
        factories.make_image_tag(image, "solo")
        world.defects["everywhere-tags"][image.pk] = EVERYBODY
