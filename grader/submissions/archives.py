"""The entries of a zip or tar archive, read in memory and within bounds; nothing is ever extracted to disk."""

import contextlib
import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from itertools import islice

from grader.submissions.intake import MOST_ENTRIES, Entry, UnusableError, bounded

MOST_PACKED = 10 * 1024 * 1024  # bytes of an archive
MOST_UNPACKED = 64 * 1024 * 1024  # bytes of a tar archive
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # others may ask for gigabytes before the first byte


def entries(data: bytes) -> list[Entry]:
    """The entries of an archive, known by its first bytes.

    Raises:
        UnusableError: it is none, or damaged.
    """
    try:
        if data[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
            return list(islice(in_zip(data), MOST_ENTRIES + 1))
        if data[:2] == b"\x1f\x8b":
            data = unpacked(data)
        if data[257:262] == b"ustar":
            return list(islice(in_tar(data), MOST_ENTRIES + 1))
    except UnusableError:
        raise
    except Exception as problem:  # the library raises anything on bytes it did not expect
        raise UnusableError("the archive is damaged, or cut short") from problem
    raise UnusableError("it is neither a folder nor a zip, tar or tar.gz archive")


@contextlib.contextmanager
def whole() -> Iterator[None]:
    """Say of any error that the file is damaged.

    Raises:
        OSError: there was one.
    """
    try:
        yield
    except Exception as problem:
        raise OSError("damaged") from problem


def unpacked(data: bytes) -> bytes:
    """What is in a gzip file.

    Raises:
        UnusableError: more than is reasonable.
    """
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        unpacked = file.read(MOST_UNPACKED + 1)
    if len(unpacked) > MOST_UNPACKED:
        raise UnusableError(f"the archive holds more than {MOST_UNPACKED // 2**20} MB")
    return unpacked


def in_zip(data: bytes) -> Iterator[Entry]:
    """The entries of a zip archive."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    for info in archive.infolist():
        if not info.filename.endswith("/"):  # is_dir() fails on a name of no characters
            kind = stat.S_IFMT(info.external_attr >> 16)

            def read(most: int, info: zipfile.ZipInfo = info, kind: int = kind) -> bytes:
                if kind not in {0, stat.S_IFREG}:
                    raise OSError("not a regular file")
                if info.flag_bits & 1:
                    raise OSError("encrypted")
                if info.compress_type not in METHODS:
                    raise OSError("compressed in a way that is not read here")
                with whole(), archive.open(info) as file:
                    data = file.read(most + 1)
                return bounded(data, most)

            yield Entry(info.orig_filename, read, stat.S_ISLNK(kind))  # the other name ends at a NUL


def in_tar(data: bytes) -> Iterator[Entry]:
    """The entries of a tar archive."""
    archive = tarfile.open(fileobj=io.BytesIO(data), mode="r:")  # noqa: SIM115 -- in memory
    for info in archive:
        if not info.isdir():

            def read(most: int, info: tarfile.TarInfo = info) -> bytes:
                if not info.isreg():
                    raise OSError("not a regular file")
                with whole():
                    file = archive.extractfile(info)
                    data = file.read(most + 1) if file else b""
                return bounded(data, most)

            yield Entry(info.name, read, info.issym() or info.islnk())
