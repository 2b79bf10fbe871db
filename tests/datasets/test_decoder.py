"""The cage: whatever a picture does to the process that reads it, the next picture is read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from datasets import imaging
from datasets.decoder import Decoder, DecoderDied
from tagger_project.env import BASE_DIR
from tests import images

LIMIT = 80_000_000
MEMORY = 512 * 1024**2


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(memory_bytes=MEMORY, most_seconds=20, max_pixels=LIMIT)
    yield decoder
    decoder.close()


def read(decoder: Decoder, path: Path) -> imaging.Measured:
    decoder.start(path)
    return decoder.result()


def refusal(decoder: Decoder, path: Path) -> imaging.ImageRefused:
    with pytest.raises(imaging.ImageRefused) as refused:
        read(decoder, path)
    return refused.value


def a_pipe(folder: Path) -> Path:
    """Return a path whose reader waits for a writer that never comes."""
    path = folder / "pipe"
    os.mkfifo(path)
    return path


def is_running(process_id: int) -> bool:
    """Whether a process is there and not just waiting to be buried."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def resident_bytes(process_id: int) -> int:
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_a_picture_comes_back_as_if_it_had_been_read_here(decoder: Decoder, tmp_path: Path) -> None:
    path = images.write(tmp_path, "Zoë \udcff.jpg", width=2000, height=1500)
    assert read(decoder, path) == imaging.measure(path, LIMIT)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no picture", "NOT_AN_IMAGE"),
        (images.encoded("PNG", width=8, height=8)[:40], "DAMAGED"),
        (images.encoded("JPEG", width=900, height=900)[:9000], "DAMAGED"),
    ],
)
def test_a_refusal_comes_back_with_its_code_and_the_process_stays(
    decoder: Decoder, tmp_path: Path, content: bytes, code: str
) -> None:
    good = images.write(tmp_path, "good.png", "PNG")
    read(decoder, good)
    before = decoder.pid
    path = tmp_path / "picture"
    path.write_bytes(content)
    assert refusal(decoder, path).code == code
    assert read(decoder, good).format == "PNG"
    assert decoder.pid == before


def test_too_many_pixels_are_refused_with_the_size(decoder: Decoder, tmp_path: Path) -> None:
    refused = refusal(decoder, images.write_claim(tmp_path, "wide.png", 60_000, 60_000))
    assert (refused.code, refused.detail) == ("TOO_MANY_PIXELS", "60000×60000")


def test_a_file_that_is_gone_is_said_to_be_gone(decoder: Decoder, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(decoder, tmp_path / "none")
    assert read(decoder, images.write(tmp_path, "good.jpg")).format == "JPEG"


def test_a_process_that_is_killed_while_it_reads_is_told_and_replaced(decoder: Decoder, tmp_path: Path) -> None:
    decoder.start(a_pipe(tmp_path))
    killed = decoder.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(DecoderDied, match="SIGKILL"):
        decoder.result()
    assert not Path(f"/proc/{killed}").exists()
    assert read(decoder, images.write(tmp_path, "good.jpg")).format == "JPEG"
    assert decoder.pid != killed


def test_a_process_that_is_killed_between_two_pictures_costs_none(decoder: Decoder, tmp_path: Path) -> None:
    path = images.write(tmp_path, "good.jpg")
    read(decoder, path)
    killed = decoder.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    while is_running(killed):
        time.sleep(0.01)
    assert read(decoder, path).format == "JPEG"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_what_asks_a_group_to_end_does_not_look_like_poison(
    decoder: Decoder, tmp_path: Path, number: signal.Signals
) -> None:
    path = images.write(tmp_path, "good.jpg")
    read(decoder, path)
    before = decoder.pid
    assert before is not None
    os.kill(before, number)
    assert read(decoder, path).format == "JPEG"
    assert decoder.pid == before


def test_a_picture_that_takes_too_long_is_given_up_in_time(tmp_path: Path) -> None:
    decoder = Decoder(memory_bytes=MEMORY, most_seconds=1, max_pixels=LIMIT)
    begin = time.monotonic()
    decoder.start(a_pipe(tmp_path))
    slow = decoder.pid
    with pytest.raises(imaging.ImageRefused, match="TOO_SLOW"):
        decoder.result()
    assert time.monotonic() - begin < 2
    assert slow is not None
    assert not Path(f"/proc/{slow}").exists()
    assert read(decoder, images.write(tmp_path, "good.jpg")).format == "JPEG"
    decoder.close()


def test_an_answer_that_nobody_fetched_in_time_is_not_too_slow(tmp_path: Path) -> None:
    """A worker may store one picture while the next is read, however long that takes."""
    path = tmp_path / "noise.png"
    Image.effect_noise((1600, 1600), 200).save(path)
    decoder = Decoder(memory_bytes=MEMORY, most_seconds=3, max_pixels=LIMIT)
    decoder.start(path)
    time.sleep(3.5)
    assert len(decoder.result().preview) > 2**17  # more than a pipe holds
    decoder.close()


def test_a_picture_larger_than_the_memory_is_refused_and_gets_a_fresh_process_after_it(
    decoder: Decoder, tmp_path: Path
) -> None:
    path = images.write_claim(tmp_path, "large.png", 16_000, 16_000)
    roomy = Decoder(memory_bytes=MEMORY, most_seconds=20, max_pixels=10**9)
    assert refusal(roomy, path).code == "OUT_OF_MEMORY"
    assert roomy.pid is None
    assert read(roomy, images.write(tmp_path, "good.jpg")).format == "JPEG"
    roomy.close()


def most_resident_bytes(process_id: int | None) -> int:
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.parametrize("kind", ["clear PNG", "palette", "16 bits", "printer's JPEG", "TIFF"])
def test_eighty_million_pixels_fit_into_the_memory_there_is(decoder: Decoder, tmp_path: Path, kind: str) -> None:
    path, size = tmp_path / "large", (10_000, 8_000)
    match kind:
        case "clear PNG":
            images.write_clear(tmp_path, "large", *size)
        case "palette":
            Image.new("P", size, 3).save(path, "PNG", transparency=3, compress_level=1)
        case "16 bits":
            Image.new("I;16", size, 40_000).save(path, "PNG", compress_level=1)
        case "printer's JPEG":
            Image.new("CMYK", size, (0, 200, 10, 0)).save(path, "JPEG")
        case _:
            Image.new("RGB", size, "teal").save(path, "TIFF", compression="tiff_lzw")
    measured = read(decoder, path)
    assert (measured.width, measured.height) == size
    assert most_resident_bytes(decoder.pid) <= MEMORY


@pytest.mark.parametrize("kind", ["WebP", "progressive JPEG", "AVIF"])
def test_what_cannot_fit_is_said_to_be_too_large_and_not_damaged(tmp_path: Path, kind: str) -> None:
    decoder = Decoder(memory_bytes=100 * 1024**2, most_seconds=20, max_pixels=LIMIT)
    path, picture = tmp_path / "large", Image.new("RGB", (4000, 3500), "teal")
    match kind:
        case "WebP":
            picture.save(path, "WEBP", method=0)
        case "progressive JPEG":
            picture.save(path, "JPEG", progressive=True, subsampling=0)
        case _:
            picture.save(path, "AVIF", speed=10)
    assert refusal(decoder, path).code == "OUT_OF_MEMORY"
    decoder.close()


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_webp_of_too_many_pixels_is_told_so_before_any_are_laid_out(
    decoder: Decoder, tmp_path: Path, mode: str, lossless: bool
) -> None:
    path = tmp_path / "wide"
    Image.new(mode, (301, 203)).save(path, "WEBP", lossless=lossless, exif=b"Exif\0\0" if lossless else b"")
    small = Decoder(memory_bytes=MEMORY, most_seconds=20, max_pixels=300 * 200)
    assert (refusal(small, path).code, refusal(small, path).detail) == ("TOO_MANY_PIXELS", "301×203")
    small.close()
    assert read(decoder, path).width == 301


def test_memory_in_which_nothing_starts_is_told_and_does_not_hang(tmp_path: Path) -> None:
    decoder = Decoder(memory_bytes=1024, most_seconds=20, max_pixels=LIMIT)
    with pytest.raises(DecoderDied):
        read(decoder, images.write(tmp_path, "good.jpg"))
    decoder.close()


def test_a_picture_under_way_is_given_up_for_the_next(decoder: Decoder, tmp_path: Path) -> None:
    decoder.start(a_pipe(tmp_path))
    assert read(decoder, images.write(tmp_path, "good.jpg", width=90, height=70)).width == 90


def test_there_is_no_result_before_a_start(decoder: Decoder) -> None:
    with pytest.raises(RuntimeError):
        decoder.result()


def test_closing_ends_the_process_and_can_be_done_twice(decoder: Decoder, tmp_path: Path) -> None:
    read(decoder, images.write(tmp_path, "good.jpg"))
    before = decoder.pid
    decoder.close()
    decoder.close()
    assert decoder.pid is None
    assert not Path(f"/proc/{before}").exists()


_PARENT = """
import sys
from pathlib import Path
from datasets.decoder import Decoder
decoder = Decoder(memory_bytes=512 * 2**20, most_seconds=60, max_pixels=10**8)
decoder.start(Path(sys.argv[1]))
print(decoder.pid, flush=True)
decoder.result()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process that is reading with its parent")
def test_it_dies_with_its_parent_in_the_middle_of_a_picture(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(a_pipe(tmp_path))], cwd=BASE_DIR, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(0.5)
    assert is_running(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 3
    while is_running(child) and time.monotonic() < end:
        time.sleep(0.02)
    alive = is_running(child)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    assert not alive


def test_two_hundred_pictures_leave_no_growth(decoder: Decoder, tmp_path: Path) -> None:
    kinds = [("JPEG", "RGB"), ("PNG", "RGBA"), ("GIF", "P"), ("WEBP", "RGB"), ("AVIF", "RGB"), ("TIFF", "I;16")]
    paths = []
    for number, (format, mode) in enumerate(kinds):
        path = tmp_path / f"{number}"
        images.draw(900, 700, number).convert("L" if mode == "I;16" else mode).convert(mode).save(path, format)
        paths.append(path)

    def read_some(count: int) -> int:
        for number in range(count):
            read(decoder, paths[number % len(paths)])
        assert decoder.pid is not None
        return resident_bytes(decoder.pid)

    after_some = read_some(60)
    before = decoder.pid
    assert read_some(140) < after_some + 16 * 1024**2
    assert decoder.pid == before
    assert len(list(Path(f"/proc/{before}/fd").iterdir())) < 10
