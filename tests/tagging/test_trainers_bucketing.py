"""The sizes that each trainer brings pictures to."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagging.trainers.bucketing import (
    BUCKETERS,
    AiToolkitBucketer,
    Bucketer,
    KohyaBucketer,
    KohyaNoUpscaleBucketer,
    MusubiTunerBucketer,
    kohya_buckets,
)

KINDS: dict[str, Bucketer] = {
    **BUCKETERS,
    "kohya no_upscale": KohyaNoUpscaleBucketer(),
    "kohya M=1024": KohyaBucketer(longest=1024),
}
# As the trainers' own functions said of them: resized, bucket, per cent cut off, to one place.
EXAMPLES = """
1920x1080 1024 kohya             1365x768  1344x768  1.5
1920x1080 1024 kohya_no_upscale  1365x768  1344x768  1.5
1920x1080 1024 ai-toolkit        1366x768  1344x768  1.6
1920x1080 1024 onetrainer        1365x768  1344x768  1.5
1920x1080 1024 musubi-tuner      -         1360x768  0.4
1920x1080 1024 diffusion-pipe    -         1296x816  10.7
1024x1536 1024 kohya             832x1248  832x1216  2.6
1024x1536 1024 kohya_no_upscale  832x1248  832x1216  2.6
1024x1536 1024 ai-toolkit        832x1248  832x1248  0
1024x1536 1024 onetrainer        853x1280  832x1280  2.5
1024x1536 1024 musubi-tuner      -         832x1248  0
1024x1536 1024 diffusion-pipe    -         816x1296  5.6
800x600   1024 kohya             1195x896  1152x896  3.6
800x600   1024 kohya_no_upscale  800x600   768x576   7.8
800x600   1024 ai-toolkit        811x608   800x608   1.4
800x600   1024 onetrainer        1195x896  1152x896  3.6
800x600   1024 musubi-tuner      -         1184x880  0.9
800x600   1024 diffusion-pipe    -         1152x912  5.3
3000x1000 1024 kohya             1728x576  1728x576  0
3000x1000 1024 kohya_no_upscale  1728x576  1728x576  0
3000x1000 1024 ai-toolkit        1793x598  1792x576  3.7
3000x1000 1024 onetrainer        1792x597  1792x576  3.5
3000x1000 1024 musubi-tuner      -         1760x592  0.9
3000x1000 1024 diffusion-pipe    -         1456x720  32.6
1920x1080 512  kohya             683x384   640x384   6.3
1920x1080 512  kohya_no_upscale  683x384   640x384   6.3
1920x1080 512  ai-toolkit        683x384   672x384   1.6
1920x1080 512  onetrainer        704x396   704x384   3.0
1920x1080 512  musubi-tuner      -         672x384   1.6
1920x1080 512  diffusion-pipe    -         640x400   10.0
1024x1536 512  kohya             427x640   384x640   10.1
1024x1536 512  kohya_no_upscale  384x576   384x576   0
1024x1536 512  ai-toolkit        416x624   416x608   2.6
1024x1536 512  onetrainer        448x672   448x640   4.8
1024x1536 512  musubi-tuner      -         416x624   0
1024x1536 512  diffusion-pipe    -         400x640   6.3
800x600   512  kohya             597x448   576x448   3.5
800x600   512  kohya_no_upscale  512x384   512x384   0
800x600   512  ai-toolkit        598x448   576x448   3.7
800x600   512  onetrainer        597x448   576x448   3.5
800x600   512  musubi-tuner      -         592x432   2.7
800x600   512  diffusion-pipe    -         576x464   7.0
3000x1000 512  kohya             832x277   832x256   7.6
3000x1000 512  kohya_no_upscale  768x256   768x256   0
3000x1000 512  ai-toolkit        897x299   896x288   3.8
3000x1000 512  onetrainer        960x320   896x320   6.7
3000x1000 512  musubi-tuner      -         896x288   3.7
3000x1000 512  diffusion-pipe    -         720x368   34.8
1920x1080 1024 kohya_M=1024      -         1024x576  0
1024x1536 1024 kohya_M=1024      -         704x1024  3.0
800x600   1024 kohya_M=1024      -         1024x768  0
3000x1000 1024 kohya_M=1024      -         1024x320  6.2
"""

SIDES = st.integers(64, 9000)
BASES = st.sampled_from([512, 768, 1024, 1280])
quick = settings(max_examples=150, deadline=None)


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


@pytest.mark.parametrize("line", EXAMPLES.strip().splitlines())
def test_a_picture_gets_the_size_that_its_trainer_gives_it(line: str) -> None:
    size, base, kind, resized, bucket, cut = line.split()
    fit = KINDS[kind.replace("_", " ", 1)].fit(*_size(size), int(base))
    assert fit.bucket == _size(bucket)
    assert fit.cut * 100 == pytest.approx(float(cut), abs=0.06)
    if resized != "-":
        assert fit.resized == _size(resized)


@quick
@given(SIDES, SIDES, BASES)
@example(64, 9000, 512)
@example(9000, 64, 1280)
@example(64, 64, 1024)
def test_a_bucket_is_cut_out_of_what_covers_it(width: int, height: int, base: int) -> None:
    for name, bucketer in KINDS.items():
        fit = bucketer.fit(width, height, base)
        if fit.is_broken:
            assert name == "kohya no_upscale", name
            continue
        assert fit.resized[0] >= fit.bucket[0], name
        assert fit.resized[1] >= fit.bucket[1], name
        assert 0 <= fit.cut < 1, name


@quick
@given(SIDES, SIDES, BASES)
def test_sides_are_whole_steps_and_areas_stay_near_the_base(width: int, height: int, base: int) -> None:
    steps = {"musubi-tuner": 16, "diffusion-pipe": 16, "ai-toolkit": 32}
    for name, bucketer in KINDS.items():
        across, down = bucketer.fit(width, height, base).bucket
        step = steps.get(name, 64)
        assert (across % step, down % step) == (0, 0), name
        if name in {"kohya", "kohya M=1024", "musubi-tuner", "ai-toolkit"}:
            assert across * down <= base * base, name


@quick
@given(SIDES, SIDES, BASES)
def test_small_pictures_stay_small_where_the_trainer_says_so(width: int, height: int, base: int) -> None:
    for bucketer in (KohyaNoUpscaleBucketer(), AiToolkitBucketer(), MusubiTunerBucketer(no_upscale=True)):
        if width * height <= base * base:
            across, down = bucketer.fit(width, height, base).bucket
            assert across <= width + 31
            assert down <= height + 31
            assert across * down <= max(width * height, 1) * 2


@pytest.mark.parametrize("base", [512, 768, 1024])
def test_a_picture_of_a_bucket_s_size_loses_nothing_at_kohya(base: int) -> None:
    for size in kohya_buckets(base, 2 * base):
        fit = KohyaBucketer().fit(*size, base)
        assert (fit.bucket, fit.cut) == (size, 0)


def test_a_side_below_64_breaks_kohya_without_upscaling() -> None:
    assert KohyaNoUpscaleBucketer().fit(63, 900, 1024).is_broken
    assert not KohyaBucketer().fit(63, 900, 1024).is_broken


def test_a_base_that_is_no_whole_step_is_rounded_down() -> None:
    assert KohyaBucketer().fit(1000, 1000, 1000).bucket == (960, 960)
    assert MusubiTunerBucketer().fit(500, 500, 1000).bucket == (992, 1008)


def test_nothing_is_longer_than_four_to_one_at_musubi() -> None:
    assert MusubiTunerBucketer().fit(9000, 1000, 1024).bucket == (2048, 512)
    assert MusubiTunerBucketer().fit(1000, 9000, 512).bucket == (256, 1024)


def test_every_trainer_that_trains_here_has_its_buckets() -> None:
    assert set(BUCKETERS) == {"kohya", "ai-toolkit", "onetrainer", "musubi-tuner", "diffusion-pipe", "simpletuner"}


@pytest.mark.parametrize(
    ("size", "base", "bucket"),
    [
        ((1920, 1080), 1024, (1344, 768)),
        ((1024, 1536), 1024, (832, 1280)),
        ((1000, 1000), 1024, (1024, 1024)),
        ((1920, 1080), 512, (704, 384)),
        ((100, 9000), 512, (64, 5120)),
    ],
)
def test_simpletuner_by_the_formula(size: tuple[int, int], base: int, bucket: tuple[int, int]) -> None:
    assert BUCKETERS["simpletuner"].fit(*size, base).bucket == bucket
