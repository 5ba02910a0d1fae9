"""Begins a chapter: with the reference of the one before, as the starter has it, or with the student's own code."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader import starters
from grader.course import Chapter, UsageError, shown
from grader.day import backups
from grader.day.backups import Backup
from grader.day.compare import Pair
from grader.markers import split

CONFLICT = 127  # the most conflicts that git counts; above is trouble


def before(chapter: Chapter, chapters: list[Chapter]) -> Chapter:
    """The chapter before.

    Raises:
        UsageError: there is none.
    """
    earlier = [each for each in chapters if each.number < chapter.number]
    if not earlier:
        raise UsageError(f"Chapter {chapter.number} is the first one; there is nothing to bring along.")
    return earlier[-1]


def merge(mine: str, base: str, theirs: str) -> str | None:
    """What both sides changed, in one text; None when they changed the same lines."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        names = [Path(folder, name) for name in ("mine", "base", "theirs")]
        for path, text in zip(names, (mine, base, theirs), strict=True):
            path.write_text(text, "utf-8")
        done = subprocess.run(["git", "merge-file", "-p", *names], capture_output=True, text=True, check=False)  # noqa: S607 -- the git of the student's PATH
    if done.returncode > CONFLICT:
        raise UsageError(f"git could not merge: {done.stderr.strip()}")
    return None if done.returncode else done.stdout


def both(chapter: Chapter, name: str, data: bytes) -> tuple[str, str]:
    """A file of the reference and the student's, without TODOs; what the student has not begun is as in the reference."""
    path = chapter.solution / name
    lines: list[str] = []
    todos: set[str] = set()
    mine = "\n".join(data.decode(errors="replace").splitlines())
    for piece in split(path.read_text("utf-8"), name) if path.is_file() else ():
        if isinstance(piece, str):
            lines.append(piece)
        else:
            lines += piece.answer
            todos |= set(piece.todo)
            mine = mine.replace("\n".join(piece.starter), "\n".join(piece.answer))
    left = [line for line in mine.splitlines() if line not in todos]
    return "\n".join(lines) + "\n", "\n".join(left) + "\n"


def merged(chapter: Chapter, earlier: Chapter) -> tuple[dict[str, bytes], list[str]]:
    """The starter with the student's own code of the chapter before.

    Returns:
        The files, and the names of those in which the starter was kept: both sides changed the same lines.
    """
    files = starters.generate(chapter.solution)
    kept = []
    for name, data in starters.present(earlier.starter).items():
        if not name.endswith(".py"):
            continue
        if name not in files:
            if not (earlier.solution / name).is_file():
                files[name] = data  # a file of the student's own
            continue
        base, mine = both(earlier, name, data)
        text = files[name].decode() if mine == base else merge(mine, base, files[name].decode())
        if text is None:
            kept.append(name)
        else:
            files[name] = text.encode()
    return files, kept


def compared(chapter: Chapter, files: dict[str, bytes]) -> Iterator[Pair]:
    """The starter to the starter with the student's own code."""
    for name, data in starters.generate(chapter.solution).items():
        old, new = (each.decode(errors="replace").splitlines() for each in (data, files[name]))
        yield Pair(f"{shown(chapter.starter)}/{name}", f"{name} with yours", old, new)


def begin(chapter: Chapter, files: dict[str, bytes]) -> tuple[Backup | None, list[str]]:
    """Make these the student's version of the chapter, after a backup."""
    return backups.replace(chapter, files, f"before start of chapter {chapter.number}")


def choices(chapter: Chapter, earlier: Chapter) -> list[str]:
    """What can be done, in words."""
    number = chapter.number
    begun = starters.present(chapter.starter) != starters.generate(chapter.solution)
    return [
        f"Chapter {number}, {chapter.title}: you have begun it." if begun else f"Chapter {number}, {chapter.title}: not begun.",
        "",
        f"nox -s start -- {number} --reference   as it came: with the reference of chapter {earlier.number}",
        f"nox -s start -- {number} --mine        with your own code of chapter {earlier.number}, where it fits",
        f"nox -s start -- {number} --compare     only show what --mine would change",
        "",
        "What is there now is kept; nox -s undo brings it back." if begun else "It is ready as it came; --reference changes nothing.",
    ]  # fmt: skip
