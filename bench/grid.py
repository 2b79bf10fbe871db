"""How quickly the grid of a large dataset is there, and any place of it.

    python -m bench.grid [--images 100000] [--jumps 60] [--order added] [--filter ""]
    python -m tests.with_postgres python -m bench.grid

Starts the whole program, makes images that are rows alone, and opens their grid in Chromium at 1440 x 900, where the
page's icon, which the browser has already, stands for each picture. Prints when the first pictures are there, on the
first visit with nothing cached and on later ones; how long a jump to a random place takes until all of it that is in
sight is drawn; the most elements that the page ever holds; and the same beside a bare fetch of the same page of the
list in the same browser.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.program import Program, running_program
from tests.browser.conftest import CHROMIUM_ARGUMENTS, find_chromium

# To answer for missing files from here would keep the browser from using its cache.
_PICTURE = """
const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
Object.defineProperty(HTMLImageElement.prototype, "src", {
  ...source,
  set(address) {
    const icon = document.querySelector("link[rel=icon]").href;
    source.set.call(this, address.includes("/thumbnail/") ? icon : address);
  },
});
"""

_READY = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".grid__rows .cell[data-image]")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => (window.gridReady = performance.now())));
}).observe(document, { childList: true, subtree: true });
"""

# Until every cell in sight shows its picture, and that was painted.
_JUMP = """
async (share) => {
  const isDrawn = () => {
    const cells = [...document.querySelectorAll(".cell")].filter((cell) => {
      const box = cell.getBoundingClientRect();
      return box.bottom > 0 && box.top < innerHeight;
    });
    return cells.length > 0 && cells.every((cell) => cell.dataset.image);
  };
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const start = performance.now();
  scrollTo(0, (document.documentElement.scrollHeight - innerHeight) * share);
  do await frame();
  while (!isDrawn());
  return [performance.now() - start, document.getElementsByTagName("*").length];
}
"""

_FETCH = """
async (address) => {
  const start = performance.now();
  await (await fetch(address)).json();
  return performance.now() - start;
}
"""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--jumps", type=int, default=60)
    parser.add_argument("--order", default="added")
    parser.add_argument("--filter", default="")
    options = parser.parse_args()
    with running_program(workers=1) as program:
        code = f"from tests.many_images import make; print(make('Bench', {options.images}, tags=300, tags_each=15))"
        dataset = int(program.manage("shell", "--verbosity=0", "-c", code).split()[-1])
        where = "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite"
        print(f"{options.images} images, {where}, order {options.order}, filter “{options.filter}”", flush=True)
        _measure(program, dataset, options)


def _measure(program: Program, dataset: int, options: argparse.Namespace) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(_READY)
        page.add_init_script(_PICTURE)
        query = f"?filter={options.filter}&order={options.order}"
        first, *ready = [_open(page, f"{program.address}/datasets/{dataset}/{query}") for _ in range(11)]
        _tell("ready, first visit", [first])
        _tell("ready", ready)
        fetches = _fetch_pages(page, f"{program.address}/api/v1/datasets/{dataset}/images", options)
        _tell("bare fetch of a page", fetches)
        chance = random.Random(5)
        jumps = [page.evaluate(_JUMP, chance.random()) for _ in range(options.jumps)]
        _tell("random jump", [time for time, _count in jumps])
        ratio = statistics.median(time for time, _count in jumps) / statistics.median(fetches)
        print(f"a jump costs {ratio:.1f} bare fetches; most elements: {max(count for _time, count in jumps)}")
        browser.close()


def _open(page: Page, address: str) -> float:
    page.goto(address)
    page.wait_for_selector(".grid__rows .cell[data-image]")
    page.wait_for_timeout(800)
    return float(page.evaluate("window.gridReady"))


def _fetch_pages(page: Page, address: str, options: argparse.Namespace) -> list[float]:
    """Fetch pages at random places, by cursors as the grid has them."""
    query = f"filter={options.filter}&order={options.order}"
    landmarks: dict[str, Any] = page.evaluate(
        "async (address) => (await fetch(address)).json()", f"{address}/landmarks?{query}&every=100"
    )
    cursors = random.Random(6).choices(landmarks["cursors"], k=options.jumps)
    return [float(page.evaluate(_FETCH, f"{address}?{query}&limit=100&after={cursor}")) for cursor in cursors]


def _tell(title: str, times: list[float]) -> None:
    times = sorted(times)
    late = times[min(len(times) - 1, round(len(times) * 0.95))]
    print(f"{title:24} median {statistics.median(times):7.1f} ms   p95 {late:7.1f} ms", flush=True)


if __name__ == "__main__":
    main()
