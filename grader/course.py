"""What the course consists of: chapters, their folders, their tasks. Everything is found, nothing is listed."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TASK = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}")


class UsageError(Exception):
    """What was asked for does not exist, or makes no sense; the text is one clear sentence."""

    exit_status = 2


@dataclass(frozen=True)
class Chapter:
    """One chapter: "01_orm_setup"."""

    slug: str
    root: Path = ROOT

    @property
    def number(self) -> str:
        """Two digits: "01"."""
        return self.slug[:2]

    @property
    def starter(self) -> Path:
        """Where the student works."""
        return self.root / "chapters" / self.slug

    @property
    def solution(self) -> Path:
        """The reference."""
        return self.root / "solutions" / self.slug

    @property
    def suite(self) -> Path:
        """Its tests."""
        return ROOT / "grader" / "suites" / self.slug

    @cached_property
    def title(self) -> str:
        """From the lesson's first line: "a chat that remembers"."""
        lesson = self.starter / "README.md"
        first = lesson.read_text("utf-8").partition("\n")[0] if lesson.is_file() else ""
        return first.partition(":")[2].strip() or self.slug[3:].replace("_", " ")

    @cached_property
    def _suite(self) -> dict[str, tuple[str, Path]]:
        """Task -> its title and its file, in order: a file a task, its docstring the title."""
        found = {}
        for file in sorted(self.suite.glob("test_*.py")):
            text = file.read_text("utf-8")
            title = re.match(r'"""(.+?)\.?"""', text)
            task = re.search(r'@check\(\s*"([0-9.]+)"', text)
            if title and task:
                found[task[1]] = (title[1], file)
        return found

    @cached_property
    def tasks(self) -> dict[str, str]:
        """Task -> title, in order."""
        return {task: title for task, (title, _) in self._suite.items()}

    @property
    def files(self) -> dict[str, Path]:
        """Task -> its file of the suite, in order."""
        return {task: file for task, (_, file) in self._suite.items()}


def chapters() -> list[Chapter]:
    """All chapters, in order: a folder in chapters/ or solutions/ that begins with two digits, and has checks."""
    slugs = {path.name for tree in ("chapters", "solutions") for path in (ROOT / tree).glob("[0-9][0-9]_*")}
    return [Chapter(slug) for slug in sorted(slugs) if any((ROOT / "grader" / "suites" / slug).glob("test_*.py"))]


def chapter(number: str) -> Chapter:
    """The chapter with this number ("01", "1") or slug.

    Raises:
        UsageError: there is none.
    """
    found = chapters()
    for each in found:
        if number in (each.number, each.number.lstrip("0"), each.slug):
            return each
    numbers = [each.number for each in found]
    there = (
        f"there are {numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"there is {' '.join(numbers) or 'none'}"
    )
    raise UsageError(f"There is no chapter {number}; {there}.")


def task(name: str, within: Chapter | None = None) -> tuple[Chapter, str]:
    """The chapter of a task "1.8", and the task.

    Raises:
        UsageError: there is no such task, in the course or within that chapter.
    """
    if not TASK.fullmatch(name):
        raise UsageError(f"{name!r} is no task; a task is written like 1.8.")
    where = within or chapter(name.partition(".")[0])
    if name not in where.tasks:
        tasks = list(where.tasks)
        raise UsageError(f"There is no task {name} in chapter {where.number}; there are {tasks[0]} to {tasks[-1]}.")
    return where, name


def submission(path: Path, of: Chapter) -> Path:
    """The folder that holds app/, in what somebody handed in.

    Raises:
        UsageError: there is no app/ where it could be.
    """
    if not path.is_dir():
        raise UsageError(f"{path} is not a folder." if path.exists() else f"There is no folder {path}.")
    for folder in (path, path / "chapters" / of.slug, path / of.slug):
        if (folder / "app").is_dir():
            return folder
    raise UsageError(f"{path} holds neither app/ nor chapters/{of.slug}/app/.")


def shown(path: Path) -> str:
    """A path as short as it can be written from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
