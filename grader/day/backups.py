"""Copies of the student's work, taken before anything is overwritten; one ignored folder, .workbook/.

A copy is complete before its name appears, and files are replaced one by one, each whole: whenever the tool is killed,
everything is in the copy or in place.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader import course
from grader.course import Chapter, UsageError
from grader.starters import present

KEPT = ".workbook"
ABOUT = "about.json"


@dataclass(frozen=True)
class Backup:
    """One copy of a chapter's app/."""

    folder: Path  # holds app/
    slug: str
    why: str  # "before reset of 2.5"
    wrote: Mapping[str, str]  # the files it is about -> the fingerprint of what was written over them, "" for nothing

    @property
    def name(self) -> str:
        """As `undo` takes it."""
        return self.folder.name


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: whoever reads it sees the old bytes or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def fingerprint(data: bytes | None) -> str:
    """Of what a file holds; "" when there is none."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def copy(chapter: Chapter, target: Path, about: Mapping[str, object]) -> None:
    """Copy a chapter's app/ and a word about it into a folder, which appears when it is complete."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        (partial / "app").mkdir(parents=True)
        for name, data in present(chapter.starter).items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            (partial / name).write_bytes(data)
        (partial / ABOUT).write_text(json.dumps(dict(about)), "utf-8")
        old = target.with_name(f"{target.name}.{os.getpid()}.old")
        with contextlib.suppress(FileNotFoundError):
            target.rename(old)
        partial.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def take(chapter: Chapter, why: str, wrote: Mapping[str, str]) -> Backup:
    """Copy the student's version of a chapter.

    Args:
        chapter: which.
        why: what is about to happen: "before reset of 2.5".
        wrote: the files that will change, and the fingerprints of what will be in them.
    """
    folder = chapter.root / KEPT / "backups"
    moment = time.strftime("%Y-%m-%d-%H%M%S")
    names = (f"{moment}-{chapter.number}" + (f"-{number}" if number > 1 else "") for number in range(1, 1000))
    target = folder / next(name for name in names if not (folder / name).exists())
    copy(chapter, target, {"chapter": chapter.slug, "why": why, "wrote": dict(wrote)})
    return Backup(target, chapter.slug, why, wrote)


def backups(root: Path) -> list[Backup]:
    """All there are, the oldest first; what is not complete is none."""
    found = []
    for folder in (root / KEPT / "backups").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            about = json.loads((folder / ABOUT).read_text("utf-8"))
            if not folder.name.endswith((".part", ".old")):
                found.append(Backup(folder, str(about["chapter"]), str(about["why"]), dict(about["wrote"])))
    return sorted(found, key=lambda backup: [int(word) for word in re.findall(r"\d+", backup.name)])


def replace(chapter: Chapter, files: Mapping[str, bytes], why: str) -> tuple[Backup | None, list[str]]:
    """Make a chapter's app/ hold exactly these files, after a copy of what it holds.

    Args:
        chapter: which.
        files: "app/crud.py" -> its bytes.
        why: for the copy.

    Returns:
        The copy, None when there was nothing to do; and the names of the files that were written or removed.
    """
    there = present(chapter.starter)
    changed = sorted(name for name in there.keys() | files.keys() if there.get(name) != files.get(name))
    if not changed:
        return None, []
    backup = take(chapter, why, {name: fingerprint(files.get(name)) for name in changed})
    for name in changed:
        if name in files:
            write_whole(chapter.starter / name, files[name])
    for name in changed:
        if name not in files:
            (chapter.starter / name).unlink(missing_ok=True)
    return backup, changed


def undo(root: Path, name: str = "") -> tuple[Backup, Backup | None, list[str]]:
    """Put back the files that were overwritten; what is there now is copied first, so that undo can be undone.

    Args:
        root: of the course.
        name: which copy; the latest when empty.

    Returns:
        What was put back, the copy of what it replaced (None when it was the same), and the files that changed.

    Raises:
        UsageError: there is no such copy; or none is named, and the student has gone on in these files since.
    """
    all_backups = backups(root)
    wanted = [backup for backup in all_backups if name in {"", backup.name}]
    if not wanted:
        there = "nox -s undo -- --list shows those there are" if all_backups else "nothing was overwritten so far"
        raise UsageError(f"There is no backup{f' {name}' if name else ''}; {there}.")
    last = wanted[-1]
    chapter = course.Chapter(last.slug, root)
    now, kept = present(chapter.starter), present(last.folder)
    worked_in = [
        file
        for file, wrote in last.wrote.items()
        if fingerprint(now.get(file)) not in {wrote, fingerprint(kept.get(file))}
    ]
    if worked_in and not name:
        raise UsageError(
            f"You have gone on since the {last.why.removeprefix('before ')}: {', '.join(worked_in)} changed. To put back "
            f"what was there before it all the same (what is there now is kept): nox -s undo -- {last.name}"
        )
    files = {file: data for file, data in now.items() if file not in last.wrote}
    files |= {file: kept[file] for file in last.wrote if file in kept}
    replaced, changed = replace(chapter, files, f"before undo of {last.name}")
    return last, replaced, changed
