"""The tagging loop in a real Chromium: keys an image, and how long a person waits for the next one and for a save.

    python -m bench.tag_loop [--count 10000 --images 60 --megapixels 2]

Imports `count` pictures, of which the first `images` are of a camera's size and the rest small, all but those first
ones with tags. Then it tags by keyboard in the four ways of working:

* open vocabulary: two letters and Enter for each of five tags, Enter for the next image;
* fixed set: five quick tags, Enter;
* like the previous image: its tags, Enter;
* one tag over many images: yes or no.

Printed are the keys an image; the time from the key that asks for the next image to the frame that shows it, as a
ratio to a bare page that only swaps and decodes the same pictures; and the time from the last key of an edit to the
moment the page says that it is saved.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import statistics
import tempfile
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.pictures import make_pictures
from bench.program import Program, running_program

WORDS = ["outdoors", "blue sky", "mountain", "lake", "sunset", "forest", "snow", "standing", "1girl", "solo"]
FIVE = ["ou", "bl", "mo", "la", "su"]

# Runs in the page: the clock starts with the key itself and stops in the frame after the new picture is in its place.
_WATCH = """
() => {
  const seen = (window.benchSeen = { paints: [], saves: [] });
  let asked = 0, edited = 0;
  addEventListener("keydown", (event) => {
    asked = event.timeStamp;
    // The Enter that asks for the next image edits nothing.
    if (event.key !== "Enter" || event.target.value) edited = event.timeStamp;
  }, { capture: true });
  const frame = document.querySelector("[data-frame]");
  let shown = frame.querySelector("img")?.src;
  new MutationObserver(() => {
    const picture = frame.querySelector("img");
    if (!picture || picture.src === shown) return;
    shown = picture.src;
    const from = asked;
    picture.decode().catch(() => {}).then(() => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => seen.paints.push(performance.now() - from);
      channel.port2.postMessage(0);
    }));
  }).observe(frame, { childList: true, subtree: true, attributes: true });
  const line = document.querySelector("[data-save-state]");
  let wasSaving = false;
  new MutationObserver(() => {
    if (line.dataset.state === "saving") wasSaving = true;
    else if (wasSaving && line.dataset.state === "saved") {
      wasSaving = false;
      seen.saves.push(performance.now() - edited);
    }
  }).observe(line, { attributes: true });
}
"""

_BARE_SWAP = """
async (addresses) => {
  const image = document.querySelector("img"), times = [];
  for (const address of addresses) {
    const from = performance.now();
    const next = new Image();
    next.src = address;
    await next.decode();
    image.replaceWith(next);
    await new Promise((done) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    }));
    times.push(performance.now() - from);
  }
  return times;
}
"""


class Walk:
    """One page of the desk, keys counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = 0
        self.saves = 0

    def press(self, *keys: str) -> None:
        """Press keys one by one."""
        for key in keys:
            self.page.keyboard.press(key)
        self.keys += len(keys)

    def settle(self) -> None:
        """Wait until something was saved and nothing waits, so that each measurement is of one edit."""
        while (saves := self.page.evaluate("window.benchSeen.saves.length")) == self.saves:
            self.page.wait_for_timeout(10)
        self.saves = saves
        self.page.wait_for_selector("[data-save-state][data-state=saved]")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def told(values: Sequence[float]) -> str:
    """Say a list of milliseconds in two numbers."""
    return f"median {statistics.median(values):.0f} ms, p95 {percentile(values, 0.95):.0f} ms of {len(values)}"


def prepare(folder: Path, count: int, images: int, megapixels: float) -> None:
    """Make the pictures, and tags beside all but the first ones."""
    make_pictures(folder / "a", images * 4, megapixels=(megapixels, megapixels))
    make_pictures(folder / "b", max(0, count - images * 4), megapixels=(0.02, 0.02))
    chance = random.Random(4)
    for picture in sorted((folder / "b").glob("*.jpg")):
        picture.with_suffix(".txt").write_text(", ".join(chance.sample(WORDS, 5)))


def import_all(program: Program, folder: Path) -> tuple[int, list[int]]:
    """Import the folder; returns the dataset and its first images."""
    facts = json.loads(program.manage("import_folder", str(folder), "--dataset", "Loop", "--wait", "--json"))
    with program.client() as client:
        answer = client.get(f"/api/v1/datasets/{facts['dataset_id']}/images", params={"limit": 500}).json()
        for slot, name in enumerate(WORDS[:5], start=1):
            client.put(
                f"/api/v1/datasets/{facts['dataset_id']}/quick-tags/{slot}", json={"tag": name}
            ).raise_for_status()
    return facts["dataset_id"], [image["id"] for image in answer["images"]]


def give_tags(program: Program, image_id: int) -> None:
    """Tag one image: what is like the previous one needs a previous one with tags."""
    edits = [{"key": str(uuid.uuid4()), "kind": "add", "tag": name} for name in WORDS[:5]]
    with program.client() as client:
        client.post(f"/api/v1/images/{image_id}/edits", json={"operations": edits}).raise_for_status()


def open_desk(page: Page, program: Program, dataset_id: int, image_id: int) -> Walk:
    """Open the desk at an image and watch it."""
    page.goto(f"{program.address}/datasets/{dataset_id}/tag/{image_id}/")
    page.wait_for_selector("#tag-input:focus")
    page.wait_for_load_state("networkidle")
    page.evaluate(_WATCH)
    return Walk(page)


def by_vocabulary(walk: Walk) -> None:
    """Five tags of which the first two letters are typed."""
    for start in FIVE:
        walk.press(*start, "Enter")
    walk.settle()
    walk.press("Enter")


def by_quick_tags(walk: Walk) -> None:
    """Five of nine keys."""
    walk.press("1", "2", "3", "4", "5")
    walk.settle()
    walk.press("Enter")


def like_previous(walk: Walk) -> None:
    """The tags of the image before."""
    walk.press("Control+d")
    walk.settle()
    walk.press("Enter")


def run_regime(walk: Walk, images: int, step: Callable[[Walk], None]) -> tuple[float, list[float], list[float]]:
    """Tag some images in one way; returns keys an image, paints and saves in milliseconds."""
    for _ in range(images):
        before = walk.page.url
        step(walk)
        walk.page.wait_for_url(re.compile(f"^(?!{re.escape(before)}$)"))
        # A person looks at the picture; what is fetched ahead arrives meanwhile.
        walk.page.wait_for_timeout(200)
    seen = walk.page.evaluate("window.benchSeen")
    return walk.keys / images, seen["paints"], seen["saves"]


def run_asking(walk: Walk, images: int, tag: str) -> float:
    """Answer yes or no for one tag; returns keys an image."""
    walk.page.keyboard.press("Alt+q")
    walk.page.keyboard.type(tag)
    walk.page.keyboard.press("Enter")
    walk.page.wait_for_selector("[data-asking]:not([hidden])")
    for number in range(images):
        walk.press("y" if number % 2 else "n")
        walk.page.wait_for_timeout(50)
    walk.page.wait_for_selector("[data-save-state][data-state=saved]")
    return walk.keys / images


def bare_swap(page: Page, program: Program, image_ids: Sequence[int]) -> list[float]:
    """Swap and decode the same pictures on an empty page."""
    with program.client() as client:
        previews = [client.get(f"/api/v1/images/{image_id}").json()["preview"] for image_id in image_ids]
    page.goto(f"{program.address}/healthz")
    page.evaluate("document.body.replaceChildren(document.createElement('img'))")
    times: list[float] = page.evaluate(_BARE_SWAP, [program.address + preview for preview in previews])
    return times


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--megapixels", type=float, default=2.0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    images = arguments.images
    with tempfile.TemporaryDirectory(prefix="bench-pictures-") as made, running_program(arguments.workers) as program:
        prepare(Path(made), arguments.count, images, arguments.megapixels)
        dataset_id, ids = import_all(program, Path(made))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            bare = bare_swap(page, program, ids[:images])
            print(f"bare swap of the same pictures: {told(bare)}", flush=True)
            regimes = [
                ("open vocabulary", by_vocabulary),
                ("fixed set", by_quick_tags),
                ("like previous", like_previous),
            ]
            for number, (name, step) in enumerate(regimes):
                give_tags(program, ids[number * images])
                walk = open_desk(page, program, dataset_id, ids[number * images + 1])
                keys, paints, saves = run_regime(walk, images - 1, step)
                ratio = percentile(paints, 0.95) / percentile(bare, 0.95)
                print(
                    f"{name}: {keys:.1f} keys an image; next image {told(paints)} ({ratio:.2f} of the bare swap's p95)"
                )
                print(f"{name}: saved {told(saves)}", flush=True)
            walk = open_desk(page, program, dataset_id, ids[0])
            print(f"one tag over many: {run_asking(walk, images, 'standing'):.1f} keys an image")
            browser.close()


if __name__ == "__main__":
    main()
