"""How long it takes to group the pictures of a large dataset that look alike.

    python -m bench.near_duplicates [--hashes 100000 --against 10000]

Makes random hashes of which one in twenty has a copy that differs by three bits, and hashes as pictures on a white
ground have them, where most bits say nothing. Prints the seconds and the groups found, and for the first kind, in the
same run, how much longer comparing all with all would take: measured on a part and multiplied by the square.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from datasets.similar import MOST_BITS, groups

_Hashes = NDArray[np.int64]


def planted(hashes: _Hashes, random: np.random.Generator) -> _Hashes:
    """Make the last twentieth copies of the first, three bits apart."""
    count = len(hashes) // 20
    copies = hashes[:count].copy()
    for _ in range(3):
        copies ^= np.int64(1) << random.integers(0, 63, count)
    return np.concatenate([hashes[: len(hashes) - count], copies])


def on_white(count: int, random: np.random.Generator) -> _Hashes:
    """Hashes of soft random shapes in the middle of an even ground."""
    row, column = np.mgrid[0:8, 0:9]
    outside = (row - 3.5) ** 2 + (column - 4) ** 2
    parts = []
    for start in range(0, count, 10_000):
        grey = random.normal(size=(min(10_000, count - start), 8, 9)) * 60
        for _ in range(2):
            wide = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
            grey = (wide[:, :-2, 1:-1] + wide[:, 2:, 1:-1] + wide[:, 1:-1, :-2] + wide[:, 1:-1, 2:]) / 4
        radius = random.uniform(2.5, 4.5, (len(grey), 1, 1))
        grey = np.where(outside > radius**2, 255, grey)
        bits = (np.diff(grey, axis=2) > 1.5).reshape(len(grey), 64)
        parts.append(np.packbits(bits, axis=1).view(np.int64).ravel())
    return np.concatenate(parts)


def seconds_to_group(hashes: _Hashes) -> tuple[float, int]:
    """Group them; returns the seconds and how many groups there are."""
    began = time.perf_counter()
    found = sum(1 for _ in groups(hashes))
    return time.perf_counter() - began, found


def seconds_all_with_all(hashes: _Hashes) -> float:
    """Compare each with those after it, a row at a time."""
    values = hashes.view(np.uint64)
    began = time.perf_counter()
    for place in range(len(values)):
        np.count_nonzero(np.bitwise_count(values[place + 1 :] ^ values[place]) <= MOST_BITS)
    return time.perf_counter() - began


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hashes", type=int, default=100_000)
    parser.add_argument("--against", type=int, default=10_000)
    options = parser.parse_args()
    random = np.random.default_rng(1)
    whole = planted(random.integers(-(2**63), 2**63, options.hashes, dtype=np.int64), random)
    seconds, found = seconds_to_group(whole)
    print(f"{options.hashes} random hashes: {found} groups in {seconds:.2f} s")
    all_with_all = seconds_all_with_all(whole[: options.against]) * (options.hashes / options.against) ** 2
    print(f"  all with all, from {options.against}: {all_with_all:.1f} s, {all_with_all / seconds:.0f} times as long")
    seconds, found = seconds_to_group(planted(on_white(options.hashes, random), random))
    print(f"{options.hashes} hashes of pictures on white: {found} groups in {seconds:.2f} s")


if __name__ == "__main__":
    main()
