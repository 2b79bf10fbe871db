"""The buckets that trainers sort pictures into."""

from __future__ import annotations

import pytest

from tagging.buckets import AREA, LONGEST, SHORTEST, bucket_of, buckets


# As the trainer's own function said of them: see the design notes on loaders.
@pytest.mark.parametrize(
    ("size", "bucket"),
    [
        ((1920, 1080), (1344, 768)),
        ((1024, 1536), (832, 1216)),
        ((800, 600), (1152, 896)),
        ((3000, 1000), (1728, 576)),
        ((1, 1), (1024, 1024)),
        ((100_000, 1), (2048, 256)),
        ((1, 100_000), (256, 2048)),
    ],
)
def test_a_picture_has_the_bucket_that_the_trainer_gives_it(size: tuple[int, int], bucket: tuple[int, int]) -> None:
    assert bucket_of(*size) == bucket


def test_each_bucket_takes_what_has_its_size() -> None:
    assert [bucket_of(*size) for size in buckets()] == list(buckets())


def test_buckets_keep_to_their_limits() -> None:
    for width, height in buckets():
        assert width * height <= AREA
        assert SHORTEST <= min(width, height) <= max(width, height) <= LONGEST
        assert (width % 64, height % 64) == (0, 0)


def test_no_two_buckets_have_one_shape() -> None:
    assert len({width / height for width, height in buckets()}) == len(buckets())
