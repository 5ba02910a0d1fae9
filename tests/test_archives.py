"""Archives are read in memory, within bounds; what is no regular file is named."""

import gzip
import io
import stat
import tarfile
import zipfile

import pytest

from grader.submissions import archives
from grader.submissions.intake import MOST_ENTRIES, Intake, UnusableError


def zipped(*files, compression=zipfile.ZIP_DEFLATED, **attributes):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            info.external_attr = attributes.get("mode", stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data)
    return out.getvalue()


def tarred(*members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data, *kind in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.type = kind[0] if kind else tarfile.REGTYPE
            info.linkname = "/etc/passwd" if kind else ""
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def taken(data, tmp_path):
    intake = Intake(tmp_path / "app")
    intake.offer_all(archives.entries(data))
    return intake.taken, intake.notes


GOOD = ("app/main.py", b"x = 1")


@pytest.mark.parametrize("data", [zipped(GOOD), tarred(GOOD), tarred(GOOD, mode="w:gz")], ids=["zip", "tar", "tar.gz"])
def test_files_come_in(data, tmp_path):
    assert taken(data, tmp_path) == ({"main.py": 5}, ())
    assert (tmp_path / "app" / "main.py").read_bytes() == b"x = 1"


@pytest.mark.parametrize("name", ["app/../../x.py", "app//etc/x.py", "app/./x.py", "app/a\\b.py", "app/x\0y.py"])
@pytest.mark.parametrize("make", [zipped, tarred])
def test_no_name_leads_elsewhere(make, name, tmp_path):
    harmless = name.encode().replace(b"\0", b"_")
    data = make(GOOD, (harmless.decode(), b"bad")).replace(harmless, name.encode())
    if make is tarred and "\0" in name:
        data = zipped(GOOD, ("app/ü.py", b"bad"))  # in a tar a NUL ends the name, and breaks the sum of the header
    files, (note,) = taken(data, tmp_path)
    assert files == {"main.py": 5}
    assert "a name may" in note
    assert [path.name for path in tmp_path.rglob("*")] == ["app", "main.py"]


def test_a_name_of_no_characters_is_no_file(tmp_path):
    data = bytearray(zipped(GOOD, ("app/x.py", b"")))
    at = data.rindex(b"PK\x01\x02")
    data[at + 28 : at + 34] = b"\0\0\0\0\x08\0"  # the characters of the name become a comment
    assert "" in {entry.name for entry in archives.entries(bytes(data))}
    assert taken(bytes(data), tmp_path)[0] == {"main.py": 5}


def test_the_same_name_twice_and_in_another_case_is_refused(tmp_path):
    files, notes = taken(
        tarred(GOOD, ("app/main.py", b"2"), ("app/MAIN.py", b"3"), ("app/main.py/x.py", b"4")), tmp_path
    )
    assert files == {"main.py": 5}
    assert len(notes) == 3
    assert all("another file has this name" in note for note in notes)


@pytest.mark.parametrize(
    ("kind", "said"),
    [(tarfile.SYMTYPE, "is a link"), (tarfile.LNKTYPE, "is a link"), (tarfile.FIFOTYPE, "not a regular file"),
     (tarfile.CHRTYPE, "not a regular file")],
)  # fmt: skip
def test_links_pipes_and_devices_in_a_tar_are_named(kind, said, tmp_path):
    files, (note,) = taken(tarred(GOOD, ("app/x.py", b"", kind)), tmp_path)
    assert files == {"main.py": 5}
    assert said in note


def test_a_link_in_a_zip_is_named(tmp_path):
    assert taken(zipped(GOOD, mode=stat.S_IFLNK), tmp_path) == ({}, ("app/main.py is a link and was left out",))
    other = Intake(tmp_path / "other")
    other.offer_all(archives.entries(zipped(GOOD, mode=stat.S_IFIFO)))
    assert other.notes == ("app/main.py was left out: not a regular file",)


def test_an_encrypted_file_is_named(tmp_path):
    data = bytearray(zipped(GOOD, compression=zipfile.ZIP_STORED))
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    assert taken(bytes(data), tmp_path) == ({}, ("app/main.py was left out: encrypted",))


def test_a_compression_that_may_ask_for_much_memory_is_not_read(tmp_path):
    _, (note,) = taken(zipped(GOOD, compression=zipfile.ZIP_LZMA), tmp_path)
    assert note.endswith("compressed in a way that is not read here")


def test_a_bomb_goes_off_elsewhere(tmp_path, monkeypatch):
    zeros = bytes(20_000_000)
    files, notes = taken(zipped(GOOD, ("app/bomb.py", zeros)), tmp_path)
    assert files == {"main.py": 5}
    assert notes == ("app/bomb.py was left out: too large",)
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1_000_000)
    with pytest.raises(UnusableError, match="holds more than"):
        archives.entries(gzip.compress(zeros))


def test_only_so_many_names_are_looked_at(tmp_path):
    data = zipped(*((f"app/{number}.txt", b"") for number in range(MOST_ENTRIES + 5)))
    assert taken(data, tmp_path) == ({}, (f"only the first {MOST_ENTRIES} files were looked at",))


def test_a_tar_that_leads_back_to_itself_ends(tmp_path):
    data = bytearray(tarred(GOOD))
    info = tarfile.TarInfo("app/loop.py")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + (-1024 & 0xFFFF).to_bytes(2, "big")  # a size below zero
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    data[1024:1536] = header
    try:
        files, _ = taken(bytes(data), tmp_path)
    except UnusableError:
        files = {"main.py": 5}
    assert "main.py" in files


@pytest.mark.parametrize("make", [zipped, tarred, lambda *files: tarred(*files, mode="w:gz")])
def test_an_archive_that_is_cut_short_is_unusable_or_misses_its_end(make, tmp_path):
    data = make(GOOD, ("app/big.py", bytes(range(256)) * 100))
    for end in range(0, len(data), max(1, len(data) // 40)):
        with_name = tmp_path / str(end)
        try:
            files, _ = taken(data[:end], with_name)
        except UnusableError:
            files = {}
        assert files.items() <= {"main.py": 5, "big.py": 25600}.items()


def test_a_damaged_file_is_named(tmp_path):
    data = bytearray(zipped(GOOD, compression=zipfile.ZIP_STORED))
    data[data.index(b"x = 1")] ^= 1
    assert taken(bytes(data), tmp_path) == ({}, ("app/main.py was left out: damaged",))


@pytest.mark.parametrize(
    "data", [b"", b"x", b"Rar!\x1a\x07", b"PK\x03\x04", b"PK\x05\x06" + bytes(3), b"\x1f\x8b", bytes(2000)]
)
def test_what_is_no_archive_is_unusable(data):
    with pytest.raises(UnusableError):
        archives.entries(data)
