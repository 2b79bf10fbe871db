"""Zips are listed by their directory and read by offset, whatever they say of themselves."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.archives import ArchiveRefused, Entry, EntryRefused, Limits, Listing, list_entries, read_entry
from datasets.reasons import Reason
from tests.zips import DEVICE, FOLDER, LINK, Member, pack

LIMITS = Limits(most_entries=1000, largest_entry=10_000_000, largest_total=20_000_000)


def listing(folder: Path, content: bytes, limits: Limits = LIMITS) -> Listing:
    path = folder / "a.zip"
    path.write_bytes(content)
    return list_entries(path, limits)


def only(folder: Path, member: Member) -> Entry:
    (entry,) = listing(folder, pack(member)).entries
    return entry


def unpacked(folder: Path, entry: Entry) -> bytes:
    return b"".join(read_entry(folder / "a.zip", entry.place))


def refusal(folder: Path, content: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(ArchiveRefused) as refused:
        listing(folder, content, limits)
    assert refused.value.code in Reason.values
    return refused.value.code


def fault(folder: Path, member: Member) -> str:
    """How reading a member ends, whose directory looks well."""
    entry = only(folder, member)
    assert entry.problem == ""
    with pytest.raises(EntryRefused) as refused:
        unpacked(folder, entry)
    return refused.value.code


# --- What is in it -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("size", [1, 1000, 3_000_000])
def test_what_was_packed_comes_out(tmp_path: Path, method: int, size: int) -> None:
    content = random.Random(size).randbytes(size)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.writestr("folder/picture.jpg", content)
    (entry,) = listing(tmp_path, buffer.getvalue()).entries
    assert (entry.folder, entry.name, entry.place.size) == ("folder", "picture.jpg", size)
    assert unpacked(tmp_path, entry) == content


def test_zip_that_was_written_to_a_pipe_is_read(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object, /) -> int:
            self.written += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.png", b"a" * 5000)
        file.writestr("b.png", b"b" * 5000)
    first, second = listing(tmp_path, bytes(pipe.written)).entries
    assert unpacked(tmp_path, first) + unpacked(tmp_path, second) == b"a" * 5000 + b"b" * 5000


def test_long_numbers_are_read(tmp_path: Path) -> None:
    members = [Member(b"a.png", b"first", method=8), Member(b"b.png", b"second")]
    entries = listing(tmp_path, pack(*members, long=True)).entries
    assert [unpacked(tmp_path, entry) for entry in entries] == [b"first", b"second"]


def test_what_stands_before_behind_and_in_the_comment_does_not_matter(tmp_path: Path) -> None:
    for content in (
        b"MZ" + bytes(5000) + pack(Member(b"a.png", b"x")),
        b"MZ" + bytes(5000) + pack(Member(b"a.png", b"x"), long=True),
        pack(Member(b"a.png", b"x")) + bytes(70_000),
        pack(Member(b"a.png", b"x"), comment=b"PK\x05\x06" * 16_000),
    ):
        (entry,) = listing(tmp_path, content).entries
        assert unpacked(tmp_path, entry) == b"x"


def test_files_come_in_natural_order_with_each_text_behind_its_picture(tmp_path: Path) -> None:
    names = [b"b/1.png", b"a10.png", b"a2.txt", b"a2.png", b"a10.txt", b"b/1.txt"]
    entries = listing(tmp_path, pack(*[Member(name, b"x") for name in names])).entries
    assert [f"{entry.folder}/{entry.name}".lstrip("/") for entry in entries] == [
        "a2.png", "a2.txt", "a10.png", "a10.txt", "b/1.png", "b/1.txt",
    ]  # fmt: skip


def test_folders_are_no_files(tmp_path: Path) -> None:
    folders = [Member(b"a/"), Member(b"b\\"), Member(b"c", mode=FOLDER), Member(b"d/", b"", method=8)]
    assert listing(tmp_path, pack(*folders)).refusal == "ARCHIVE_NO_IMAGES"


# --- Names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "folder", "name"),
    [
        (b"../../evil.png", "", "evil.png"),
        (b"/tmp/evil.png", "tmp", "evil.png"),
        (b"..\\..\\evil.png", "", "evil.png"),
        (b"C:\\evil.png", "C:", "evil.png"),
        (b"a/../../evil.png", "a", "evil.png"),
        (b"....//....//evil.png", "..../....", "evil.png"),
        (b"..", "", "?"),
        (b"", "", "?"),
        (b"a\x00b.png", "", "a\ufffdb.png"),
        (b"d/" * 200 + b"a.png", "/".join(["d"] * 200), "a.png"),
    ],
)
def test_name_is_the_last_part_and_the_folder_leads_nowhere_else(
    tmp_path: Path, raw: bytes, folder: str, name: str
) -> None:
    entry = only(tmp_path, Member(raw, b"x"))
    assert (entry.folder, entry.name, entry.problem) == (folder, name, "")


@pytest.mark.parametrize(
    ("raw", "flags", "name"),
    [
        ("猫.png".encode(), 0x800, "猫.png"),
        ("猫.png".encode(), 0, "猫.png"),
        ("ä.png".encode("cp437"), 0, "ä.png"),
        (b"\xff\xfe.png", 0x800, "\ufffd\ufffd.png"),
        ("\ud800.png".encode("utf-8", "surrogatepass"), 0x800, "\ufffd\ufffd\ufffd.png"),
    ],
)
def test_name_in_any_alphabet_is_read_or_replaced(tmp_path: Path, raw: bytes, flags: int, name: str) -> None:
    assert only(tmp_path, Member(raw, b"x", flags=flags)).name == name


def test_name_that_stands_in_unicode_beside_the_old_one_is_taken(tmp_path: Path) -> None:
    name, old = "猫.png".encode(), b"?.png"
    extra = struct.pack("<HHBL", 0x7075, 5 + len(name), 1, zlib.crc32(old)) + name
    assert only(tmp_path, Member(old, b"x", extra=extra)).name == "猫.png"
    stale = struct.pack("<HHBL", 0x7075, 5 + len(name), 1, 0) + name
    assert only(tmp_path, Member(old, b"x", extra=stale)).name == "?.png"


def test_name_in_front_of_the_bytes_is_not_asked(tmp_path: Path) -> None:
    entry = only(tmp_path, Member(b"a.png", b"x", local_name=b"../evil.png"))
    assert (entry.name, unpacked(tmp_path, entry)) == ("a.png", b"x")


@given(raw=st.binary(max_size=80), flags=st.sampled_from([0, 0x800]), extra=st.binary(max_size=40))
def test_no_name_leads_out_or_loses_the_archive(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, flags: int, extra: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    content = pack(Member(raw, b"x", flags=flags, extra=extra), Member(b"good.png", b"good"))
    for entry in listing(folder, content).entries:
        assert "\x00" not in entry.name + entry.folder
        assert not {"/", "\\"} & set(entry.name)
        assert entry.name not in {"", ".", ".."}
        assert not {"", ".", ".."} & set(entry.folder.split("/")) or entry.folder == ""
        entry.name.encode()


# --- What is left out, and what is refused -------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("__MACOSX/._a.png", "MAC_LEFTOVER"),
        ("set/__MACOSX/a.png", "MAC_LEFTOVER"),
        ("._a.png", "MAC_LEFTOVER"),
        (".DS_Store", "MAC_LEFTOVER"),
        (".hidden.png", "HIDDEN"),
        (".git/config", "HIDDEN"),
        ("inner.zip", "NESTED_ARCHIVE"),
        ("inner.TAR.GZ", "NESTED_ARCHIVE"),
        ("Thumbs.db", "NOT_NEEDED"),
        ("notes.pdf", "NOT_NEEDED"),
        ("clip.MP4", "NOT_NEEDED"),
    ],
)
def test_what_nobody_needs_is_left_out_with_its_reason(tmp_path: Path, name: str, reason: str) -> None:
    entry = only(tmp_path, Member(name.encode(), b"x"))
    assert (entry.problem, entry.is_left_out) == (reason, True)
    assert reason in Reason.values


@pytest.mark.parametrize("name", ["a.png", "a.txt", "noextension", "1e9", "a.heic", "a.png ", "a.png.", "...", "pdf"])
def test_what_may_be_a_picture_is_left_to_the_decoder(tmp_path: Path, name: str) -> None:
    assert only(tmp_path, Member(name.encode(), b"x")).problem == ""


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (Member(b"a.png", b"/etc/passwd", mode=LINK), "ENTRY_LINK"),
        (Member(b"a.png", b"x", mode=DEVICE), "ENTRY_LINK"),
        (Member(b"a.png", b"x", flags=1), "ARCHIVE_ENCRYPTED"),
        (Member(b"a.png", b"x", method=93), "ENTRY_METHOD"),
        (Member(b"a.png", b""), "EMPTY"),
        (Member(b"a.png", b"x", size=10_000_001), "FILE_TOO_LARGE"),
        (Member(b"a.png", b"x", size=2), "ENTRY_DAMAGED"),
        (Member(b"a.png", bytes(100_000), method=8, size=1, packed=bytes(2000)), "ENTRY_DAMAGED"),
    ],
)
def test_entry_with_a_fault_is_told_and_the_others_are_kept(tmp_path: Path, member: Member, reason: str) -> None:
    content = pack(Member(b"good.png", b"good"), member)
    entries = {entry.name: entry for entry in listing(tmp_path, content).entries}
    assert (entries["a.png"].problem, entries["a.png"].is_left_out) == (reason, False)
    assert unpacked(tmp_path, entries["good.png"]) == b"good"
    assert reason in Reason.values


def test_zip_of_which_nothing_can_be_read_says_why(tmp_path: Path) -> None:
    locked, leftover = Member(b"b.png", b"x", flags=1), Member(b".a", b"x")
    assert listing(tmp_path, pack(leftover, locked)).refusal == "ARCHIVE_ENCRYPTED"
    assert listing(tmp_path, pack(locked, Member(b"c.png"))).refusal == "ARCHIVE_UNREADABLE"
    assert listing(tmp_path, pack(leftover)).refusal == "ARCHIVE_NO_IMAGES"
    assert listing(tmp_path, pack(locked, Member(b"c.png", b"x"))).refusal == ""


# --- Limits, told before anything is unpacked ----------------------------------------------------


def test_more_entries_than_the_limit_are_refused(tmp_path: Path) -> None:
    members = [Member(b"%d/" % number) for number in range(1001)]
    assert refusal(tmp_path, pack(*members)) == "ARCHIVE_TOO_MANY"
    assert len(listing(tmp_path, pack(*[Member(b"%d" % number, b"x") for number in range(1000)])).entries) == 1000


def test_directory_of_endless_names_is_refused(tmp_path: Path) -> None:
    members = [Member(b"n" * 60_000 + b"%d" % number, b"x") for number in range(20)]
    assert refusal(tmp_path, pack(*members)) == "ARCHIVE_TOO_MANY"


def test_more_unpacked_than_the_limit_is_refused(tmp_path: Path) -> None:
    members = [Member(b"%d.png" % number, bytes(9_000_000), method=8) for number in range(3)]
    with pytest.raises(ArchiveRefused) as refused:
        listing(tmp_path, pack(*members))
    assert (refused.value.code, refused.value.detail) == ("ARCHIVE_TOO_MUCH", "27000000 20000000")
    # What is left out is not unpacked, and does not count.
    members[2] = Member(b"clip.mp4", bytes(9_000_000), method=8)
    assert listing(tmp_path, pack(*members)).readable == 2


def test_what_packs_too_well_is_refused_alone_and_as_a_whole(tmp_path: Path) -> None:
    wary = Limits(1000, 10_000_000, 20_000_000, largest_ratio=200, ratio_counts_from=5_000_000)
    one = pack(Member(b"a.png", bytes(6_000_000), method=8), Member(b"b.png", b"x"))
    assert [entry.problem for entry in listing(tmp_path, one, wary).entries] == ["ARCHIVE_RATIO", ""]
    many = pack(*[Member(b"%d.png" % number, bytes(2_000_000), method=8) for number in range(4)])
    assert refusal(tmp_path, many, wary) == "ARCHIVE_RATIO"
    # Drawings of one colour: small ones may pack as well as they like.
    few = pack(*[Member(b"%d.png" % number, bytes(2_000_000), method=8) for number in range(2)])
    assert listing(tmp_path, few, wary).readable == 2


def test_entries_that_share_bytes_are_refused(tmp_path: Path) -> None:
    kernel = Member(b"a.png", bytes(1_000_000), method=8)
    shared = [Member(b"%d.png" % number, bytes(1_000_000), method=8, packed=b"", at=0) for number in range(3)]
    content = pack(kernel, *shared)
    assert refusal(tmp_path, content) == "ARCHIVE_OVERLAP"


def test_entry_that_reaches_into_the_next_by_its_own_header_is_refused(tmp_path: Path) -> None:
    """Its header names an extra field of some length: its bytes are to begin behind the next one's header."""
    inner = pack(Member(b"b.png", b"y" * 100))[: 30 + 5]
    quoting = Member(b"a.png", b"x" * 10, local_extra=inner)
    path = tmp_path / "a.zip"
    outer = pack(quoting)
    path.write_bytes(outer)
    (whole,) = list_entries(path, LIMITS).entries
    assert b"".join(read_entry(path, whole.place)) == b"x" * 10
    inside = 30 + 5
    path.write_bytes(pack(quoting, Member(b"b.png", b"", packed=b"", at=inside + 10, size=0)))
    entry = next(entry for entry in list_entries(path, LIMITS).entries if entry.name == "a.png")
    with pytest.raises(EntryRefused):
        list(read_entry(path, entry.place))


# --- No zip, or half of one ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EMPTY"),
        (b"hello", "NOT_A_ZIP"),
        (b"Rar!\x1a\x07\x00" + bytes(500), "NOT_A_ZIP"),
        (pack(*[Member(b"%d.png" % number, b"x" * 50) for number in range(9)])[:-30], "ARCHIVE_DAMAGED"),
        (b"PK\x05\x06" * 5000, "NOT_A_ZIP"),
    ],
)
def test_what_is_no_zip_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    assert refusal(tmp_path, content) == reason


def test_cut_zip_is_not_taken_for_the_zip_inside_it(tmp_path: Path) -> None:
    inner = pack(Member(b"inner.png", b"x"))
    cut = pack(Member(b"a.png", b"x"), Member(b"inner.zip", inner))[:-40]
    assert refusal(tmp_path, cut) == "ARCHIVE_DAMAGED"


def test_count_that_lies_is_not_believed(tmp_path: Path) -> None:
    content = bytearray(pack(Member(b"a.png", b"x")))
    struct.pack_into("<2H", content, len(content) - 22 + 8, 60_000, 60_000)
    assert len(listing(tmp_path, bytes(content)).entries) == 1


@given(data=st.data())
def test_no_damage_does_more_than_refuse(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("flip")
    content = bytearray(
        pack(Member(b"a.png", b"first" * 50, method=8), Member(b"b.txt", b"second"), long=data.draw(st.booleans()))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        entries = listing(folder, bytes(content)).entries
    except ArchiveRefused:
        return
    for entry in entries:
        if not entry.problem:
            try:
                got = unpacked(folder, entry)
            except EntryRefused:
                continue
            assert len(got) == entry.place.size


# --- Counted again while it is read --------------------------------------------------------------


def test_wrong_checksum_is_damage(tmp_path: Path) -> None:
    assert fault(tmp_path, Member(b"a.png", b"x", crc=1)) == "ENTRY_DAMAGED"


def test_more_than_was_said_is_never_given_out(tmp_path: Path) -> None:
    entry = only(tmp_path, Member(b"a.png", bytes(4_000_000), method=8, size=3500))
    assert entry.problem == ""
    given_out: list[int] = []
    with pytest.raises(EntryRefused):
        given_out.extend(len(block) for block in read_entry(tmp_path / "a.zip", entry.place))
    assert sum(given_out) <= 3500


def test_less_than_was_said_is_damage(tmp_path: Path) -> None:
    assert fault(tmp_path, Member(b"a.png", b"x" * 100, method=8, size=101)) == "ENTRY_DAMAGED"


def test_torn_stream_is_damage(tmp_path: Path) -> None:
    packed = zlib.compress(random.Random(1).randbytes(5000))[2:-4]
    assert fault(tmp_path, Member(b"a.png", b"x" * 5000, method=8, packed=packed[:2000])) == "ENTRY_DAMAGED"
    assert fault(tmp_path, Member(b"a.png", b"x" * 5000, method=8, packed=b"\xff" * 2000)) == "ENTRY_DAMAGED"


def test_header_that_is_none_is_damage(tmp_path: Path) -> None:
    content = bytearray(pack(Member(b"a.png", b"x")))
    content[0:4] = b"XXXX"
    (entry,) = listing(tmp_path, bytes(content)).entries
    with pytest.raises(EntryRefused):
        unpacked(tmp_path, entry)
