"""Submissions: whatever is handed in, only clean files come in, and nothing is raised."""

import contextlib
import gzip
import io
import os
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest import mock

from grader.course import Chapter
from grader.fuzz.hostile import text
from grader.fuzz.target import Target, mutated, replaced, seeded
from grader.submissions import intake
from grader.submissions.handed_in import admit

CHAPTER = Chapter("02_made_up", Path("/nowhere/at/all"))  # nothing of it is given
SECRET = b"SECRET"
BOUNDS = {"py": intake.MOST_FILES, "static": intake.MOST_STATIC_FILES}
SIZES = {"py": intake.MOST_BYTES, "static": intake.MOST_STATIC}
FOLDERS = ("", "", "", "chapters/02_made_up/", "work-main/", "../", "/", "02_made_up/")
NAMES = (
    "app/main.py", "app/crud.py", "app/MAIN.py", "app/main.py/x.py", "app/static/a.html", "app/static", "app", "app/../x.py",
    "app/a/../../../x.py", "app//x.py", "app/./x.py", "app/ü.py", "app/\x1b[31m.py", "app/new\nline.py", "app/x.py ", "app/-rf.py",
    "app/" + "deep/" * 12 + "x.py", "app/" + "n" * 200 + ".py", "app/.git/config.py", "app/__pycache__/x.py", "app/a\\b.py",
    "app/\u202eyp.x.py", "app/con.py", "app/sitecustomize.py", "app/notes.txt", "readme.txt", "__MACOSX/app/main.py", ".git",
)  # fmt: skip
KINDS = ("file", "file", "file", "file", "large", "link", "linked folder", "pipe")


@dataclass(frozen=True)
class Given:
    """A name in a submission, what it is, and what it holds."""

    name: str
    kind: str
    data: bytes


def given(random: Random) -> list[Given]:
    """A few names, now and then many."""
    folder = random.choice(FOLDERS)
    many = random.random() < 0.03
    found = []
    for number in range(random.choice((60, 300)) if many else random.randrange(8)):
        name = f"app/{random.choice(('', 'static/'))}{number}.py" if many else random.choice(NAMES)
        if random.random() < 0.1:
            name = f"app/{text(random)}.py"
        kind = "file" if many else random.choice(KINDS)
        size = random.choice((600_000, 9_000_000)) if kind == "large" and random.random() < 0.2 else 1000
        found.append(
            Given(folder + name, kind, b"x" * size if kind == "large" else random.randbytes(random.randrange(9)))
        )
    return found


def assert_clean(root: Path, target: Path, notes: tuple[str, ...]) -> None:
    """Only regular files with plain names are there, within the bounds, and nothing of the secret."""
    sizes: dict[str, list[int]] = {"py": [], "static": []}
    for path in sorted(target.rglob("*")):
        name = path.relative_to(target / "app").as_posix()
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode), name
        assert name == "." or set(name) <= intake.NAME_CHARACTERS, name
        if stat.S_ISREG(mode):
            kind = "static" if name.startswith("static/") else "py"
            assert kind == "static" or name.endswith(".py"), name
            sizes[kind].append(path.lstat().st_size)
            assert SECRET not in path.read_bytes(), name
    for kind, found in sizes.items():
        assert len(found) <= BOUNDS[kind], kind
        assert sum(found) <= SIZES[kind], kind
    assert {path.name for path in root.iterdir()} == {"work", "secret", "taken"}
    assert len(notes) <= intake.MOST_NOTES + 3
    assert all(note.isascii() and note.isprintable() and len(note) < 400 for note in notes), notes


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """A folder with a secret in it that no submission may reach."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        root = Path(folder)
        (root / "secret" / "app").mkdir(parents=True)
        (root / "secret" / "app" / "main.py").write_bytes(SECRET)
        yield root


def put(root: Path, each: Given) -> None:
    """Put one into the folder work/."""
    path = root / "work" / each.name.lstrip("/").replace("../", "")
    path.parent.mkdir(parents=True, exist_ok=True)
    if each.kind == "link":
        path.symlink_to(root / "secret" / "app" / "main.py")
    elif each.kind == "linked folder":
        path.symlink_to(root / "secret" / "app")
    elif each.kind == "pipe":
        os.mkfifo(path)
    else:
        with path.open("xb") as file:  # never into a pipe, or through a link
            file.write(each.data)


def folder_holds(case: list[Given]) -> None:
    """A folder with these."""
    with place() as root:
        (root / "work").mkdir()
        for each in case:
            with contextlib.suppress(OSError, ValueError):  # what no file system holds, or a name that is taken
                put(root, each)
        assert_clean(root, root / "taken", admit(root / "work", None, CHAPTER, root / "taken").notes)


def archive_holds(data: bytes) -> None:
    """An archive of these bytes."""
    with place() as root:
        (root / "work").write_bytes(data)
        assert_clean(root, root / "taken", admit(root / "work", None, CHAPTER, root / "taken").notes)


MODES = {"link": stat.S_IFLNK, "pipe": stat.S_IFIFO, "linked folder": stat.S_IFLNK}
TYPES = {"link": tarfile.SYMTYPE, "pipe": tarfile.FIFOTYPE, "linked folder": tarfile.LNKTYPE}


def zipped(random: Random) -> bytes:
    """A zip, damaged half of the time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for each in given(random):
            info = zipfile.ZipInfo(each.name.encode(errors="replace").decode())
            info.external_attr = (MODES.get(each.kind, stat.S_IFREG) | 0o644) << 16
            info.compress_type = random.choice(
                (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
            )
            with contextlib.suppress(ValueError):
                archive.writestr(info, each.data)
    return mutated(random, out.getvalue())


def tarred(random: Random) -> bytes:
    """A tar, damaged half of the time, packed with gzip half of the time."""
    out = io.BytesIO()
    style = random.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=out, mode="w", format=style) as archive:
        for each in given(random):
            info = tarfile.TarInfo(each.name)
            info.type = TYPES.get(each.kind, tarfile.REGTYPE)
            info.size = len(each.data) if info.type == tarfile.REGTYPE else 0
            info.linkname = "../secret/app/main.py"
            with contextlib.suppress(ValueError):
                archive.addfile(info, io.BytesIO(each.data))
    data = mutated(random, out.getvalue())
    return mutated(random, gzip.compress(data, 1)) if random.random() < 0.5 else data


def credulous() -> ExitStack:
    """A bug: links are taken for what they lead to."""
    stack = ExitStack()
    read = intake.read_regular
    stack.enter_context(mock.patch("grader.submissions.intake.Path.is_symlink", lambda _path: False))
    stack.enter_context(
        mock.patch("grader.submissions.intake.read_regular", lambda path, most: read(path, most, flags=0))
    )
    return stack


TARGETS = (
    Target("folder", seeded(given), folder_holds, credulous, "links are followed"),
    Target("zip", seeded(zipped), archive_holds, replaced("grader.submissions.archives.bounded", lambda data, _most: data), "files of any size come in"),
    Target("tar", seeded(tarred), archive_holds, replaced("grader.submissions.intake.MOST_FILES", 10**6), "files of any number come in"),
)  # fmt: skip
