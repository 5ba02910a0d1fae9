"""What of a submission is taken in: regular files of app/, within bounds, each refusal said."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

MOST_FILES = 50  # Python files
MOST_STATIC_FILES = 200
MOST_BYTES = 512 * 1024  # of Python
MOST_STATIC = 8 * 1024 * 1024  # of static files
MOST_ENTRIES = 10_000  # names that are looked at
MOST_NOTES = 20  # refusals that are told one by one
LONGEST_NAME = 120  # characters, with its folders
DEEPEST = 8  # folders
NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/")
SKIPPED_FOLDERS = frozenset({"__pycache__", ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"})


class UnusableError(Exception):
    """Nothing of a submission can be taken in; the text says why."""


@dataclass(frozen=True)
class Entry:
    """One name of a submission: "app/crud.py". `read` gives its bytes, or raises OSError above that many."""

    name: str
    read: Callable[[int], bytes]
    link: bool = False


def read_regular(path: Path, most: int, flags: int = os.O_NOFOLLOW) -> bytes:
    """The bytes of a regular file: never a pipe or a device, nor a link unless `flags` is 0.

    Raises:
        OSError: it is none of a regular file, or larger than `most`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | flags)
    with open(descriptor, "rb") as file:  # noqa: PTH123 -- a descriptor, not a path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        return bounded(file.read(most + 1), most)


def bounded(data: bytes, most: int) -> bytes:
    """The data.

    Raises:
        OSError: they are more than `most` bytes.
    """
    if len(data) > most:
        raise OSError("too large")
    return data


def walk(app: Path) -> Iterator[Entry]:
    """The entries of a folder app/, in order; links are named and not followed."""
    for folder, names, filenames in os.walk(app):
        names[:] = sorted(name for name in names if name not in SKIPPED_FOLDERS)
        for name in [*names, *sorted(filenames)]:
            path = Path(folder, name)
            if (link := path.is_symlink()) or name in filenames:
                shown = f"app/{path.relative_to(app).as_posix()}"
                yield Entry(shown, lambda most, path=path: read_regular(path, most), link)  # type: ignore[misc] # a default argument


class Intake:
    """Writes what may come in to a folder, and keeps what is to be said of the rest."""

    def __init__(self, target: Path) -> None:
        """`target` becomes app/; it does not exist yet."""
        self.target = target
        target.mkdir(parents=True)
        self.taken: dict[str, int] = {}  # name -> bytes
        self.refused: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, a sentence each."""
        more = len(self.refused) - MOST_NOTES
        rest = (f"{more} more files were left out",) if more > 0 else ()
        return (*self.refused[:MOST_NOTES], *rest)

    def offer_all(self, entries: Iterable[Entry]) -> None:
        """Take what may come in of these, up to a number."""
        offered = iter(entries)
        for entry in islice(offered, MOST_ENTRIES):
            self.offer(entry)
        if next(offered, None):
            self.refused.insert(0, f"only the first {MOST_ENTRIES} files were looked at")

    def offer(self, entry: Entry) -> None:
        """Take one file, or say why not; what does not count is passed over in silence."""
        relative = entry.name.removeprefix("app/")
        static = relative.startswith("static/")
        if not SKIPPED_FOLDERS.isdisjoint(relative.split("/")):
            return
        shown = entry.name.encode("unicode_escape").decode()[:LONGEST_NAME]
        if entry.link:
            self.refused.append(f"{shown} is a link and was left out")
        elif static or relative.endswith(".py"):
            try:
                self.check_name(relative)
                self.check_number(static=static)
                data = entry.read(self.room(static=static))
            except OSError as problem:
                self.refused.append(f"{shown} was left out: {problem.strerror or problem}")
            else:
                self.taken[relative] = len(data)
                (self.target / relative).parent.mkdir(parents=True, exist_ok=True)
                (self.target / relative).write_bytes(data)

    def check_name(self, name: str) -> None:
        """Refuse, with OSError, a name that leads elsewhere or that some system cannot hold."""
        parts = name.split("/")
        if not set(name) <= NAME_CHARACTERS:
            raise OSError("a name may hold A-Z, a-z, 0-9, '.', '_' and '-'")
        if not {"", ".", ".."}.isdisjoint(parts):
            raise OSError("a name may not lead elsewhere")
        if len(name) > LONGEST_NAME or len(parts) > DEEPEST + 1:
            raise OSError(f"a name may have {LONGEST_NAME} characters and {DEEPEST} folders")
        folded = name.casefold()
        for other in map(str.casefold, self.taken):
            if folded == other or folded.startswith(f"{other}/") or other.startswith(f"{folded}/"):
                raise OSError("another file has this name, or one that differs only in upper and lower case")

    def check_number(self, *, static: bool) -> None:
        """Refuse, with OSError, more files than there may be."""
        most, kind = (MOST_STATIC_FILES, "static") if static else (MOST_FILES, "Python")
        if sum(name.startswith("static/") == static for name in self.taken) >= most:
            raise OSError(f"more than {most} {kind} files")

    def room(self, *, static: bool) -> int:
        """How many bytes may still come in."""
        there = sum(size for name, size in self.taken.items() if name.startswith("static/") == static)
        return (MOST_STATIC if static else MOST_BYTES) - there

    def expect_python(self) -> None:
        """Refuse, with UnusableError, a submission of which no Python file came in."""
        if not any(name.endswith(".py") for name in self.taken):
            raise UnusableError("it holds no Python file in app/")


def take(app: Path, target: Path) -> tuple[str, ...]:
    """Copy the files of `app` that count to `target`.

    Args:
        app: the app/ folder of a submission.
        target: a folder that does not exist yet.

    Returns:
        What was left out, a sentence each.
    """
    intake = Intake(target)
    intake.offer_all(walk(app))
    return intake.notes
