"""What the student has done so far: a cache of gradings, keyed by what was graded. Deleting it does no harm."""

import contextlib
import hashlib
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, TypeAdapter

from grader.course import ROOT, Chapter
from grader.day.backups import KEPT, write_whole
from grader.day.reset import keep_passed
from grader.markers import parts, untouched
from grader.report import Frozen, Outcome, Report

CHECKS = "the checks"  # stands for the suite and its probes among the names of files


class Standing(StrEnum):
    """Where a task stands."""

    DONE = "done"
    CHANGED = "changed"  # it was done, and something has changed since
    WRONG = "wrong"
    TODO = "todo"
    UNKNOWN = "unknown"  # begun, and never graded as it is now


class Graded(Frozen):
    """One task, graded once."""

    at: str  # "2026-11-21 14:02"
    earned: int
    points: int
    files: dict[str, str]  # what was graded: "app/crud.py" -> a fingerprint

    @property
    def passed(self) -> bool:
        """Whether it earned all there is."""
        return self.earned == self.points


class Entry(Frozen):
    """What is remembered of a task."""

    last: Graded
    done: Graded | None = Field(default=None)  # the last one that passed


class State(NamedTuple):
    """What is said of a task."""

    standing: Standing
    words: str


MEMORY = TypeAdapter(dict[str, Entry])


def memory_file(root: Path) -> Path:
    """Where it is kept."""
    return root / KEPT / "progress.json"


def load(root: Path) -> tuple[dict[str, Entry], bool]:
    """What is remembered, task -> entry; and whether the file was sound, or none yet."""
    try:
        return MEMORY.validate_json(memory_file(root).read_bytes()), True
    except FileNotFoundError:
        return {}, True
    except (OSError, ValueError):
        return {}, False


def digest(paths: list[Path]) -> str:
    """A fingerprint of some files."""
    found = hashlib.sha256()
    for path in paths:
        with contextlib.suppress(OSError):  # deleted under us
            found.update(path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def fingerprint(chapter: Chapter) -> dict[str, str]:
    """What a grading of the student's version depends on: each file, and the checks."""
    app = chapter.starter / "app"
    names = sorted(path for path in app.rglob("*") if path.suffix == ".py" or "static" in path.relative_to(app).parts)
    files = {path.relative_to(chapter.starter).as_posix(): digest([path]) for path in names if path.is_file()}
    probes = sorted((ROOT / "grader" / "probes").glob(f"{chapter.slug}*.py"))
    return files | {CHECKS: digest([*sorted(chapter.suite.glob("*.py")), *probes])}


def graded(chapter: Chapter, tasks: tuple[str, ...], grade: Callable[[], Report]) -> Report:
    """Grade the student's own version, and remember it unless it changed meanwhile.

    Args:
        chapter: which.
        tasks: those asked for; all when empty.
        grade: does it.
    """
    before = fingerprint(chapter)
    report = grade()
    if report.gradable and fingerprint(chapter) == before:
        with contextlib.suppress(OSError):  # a folder that cannot be written costs only the memory of it
            remember(chapter, report, tasks, before)
            keep_passed(chapter, report, tasks or tuple(chapter.tasks))
    return report


def remember(chapter: Chapter, report: Report, tasks: tuple[str, ...], files: dict[str, str]) -> None:
    """Add what came of these tasks (all when empty), and of others that passed whole on the way."""
    entries, _ = load(chapter.root)
    at = time.strftime("%Y-%m-%d %H:%M")
    for task in chapter.tasks:
        checks = report.of_task(task)
        if not checks:
            continue
        new = Graded(
            at=at, earned=sum(check.earned for check in checks), points=sum(check.points for check in checks), files=files
        )  # fmt: skip
        begun = any(check.outcome not in {Outcome.TODO, Outcome.BLOCKED} for check in checks)
        old = entries.get(task)
        if tasks and task not in tasks and not (old and new.passed and new.points == old.last.points):
            continue
        if begun or old:
            entries[task] = Entry(last=new, done=new if new.passed else old.done if old else None)
    write_whole(memory_file(chapter.root), MEMORY.dump_json(entries))


def states(chapter: Chapter) -> dict[str, State]:
    """What is to be said of each task of a chapter, as its files are now."""
    entries, _ = load(chapter.root)
    now = fingerprint(chapter)
    waiting = untouched(chapter.solution, chapter.starter)
    every = parts(chapter.solution)
    own = {task: [part.file for part in every if part.task == task] for task in chapter.tasks}
    return {task: state(entries.get(task), now, own[task], task in waiting) for task in chapter.tasks}


def state(entry: Entry | None, now: dict[str, str], own: list[str], waits: bool) -> State:  # noqa: FBT001 -- a fact, no mode
    """What is to be said of a task.

    Args:
        entry: what is remembered of it.
        now: the fingerprint of what there is.
        own: the files that hold its parts.
        waits: whether a part of it is still the starter's text.
    """
    if entry and entry.done and entry.done.files == now:
        return State(Standing.DONE, f"done {entry.done.at[:10]}")
    if waits:
        return State(Standing.TODO, "to do")
    if entry and entry.last.files == now:
        return State(Standing.WRONG, f"{entry.last.earned} / {entry.last.points} on {entry.last.at}")
    if entry and entry.done:
        return State(Standing.CHANGED, f"was done {entry.done.at[:10]}; {change(entry.done.files, now, own)}")
    if entry:
        return State(Standing.UNKNOWN, f"{entry.last.earned} / {entry.last.points} on {entry.last.at}; changed since")
    return State(Standing.UNKNOWN, "begun, not graded yet")


def change(before: dict[str, str], now: dict[str, str], own: list[str]) -> str:
    """What has changed: the task's own files first."""
    names = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
    names.sort(key=lambda name: (name not in own, name))
    return f"{names[0]} {'have' if names[0] == CHECKS else 'has'} changed since"


def current_task(chapter: Chapter, found: dict[str, State] | None = None) -> str:
    """The first task that is neither done nor was; the first that was, when all were; "" when all are done."""
    found = found or states(chapter)
    for wanted in ({Standing.WRONG, Standing.TODO, Standing.UNKNOWN}, {Standing.CHANGED}):
        for task, each in found.items():
            if each.standing in wanted:
                return task
    return ""


def current_chapter(chapters: list[Chapter]) -> Chapter:
    """The chapter of the last grading, or the first one after it with something to do."""
    entries, _ = load(chapters[0].root)
    latest = max(entries, key=lambda task: entries[task].last.at, default="")
    begin = next((number for number, each in enumerate(chapters) if latest in each.tasks), 0)
    return next((each for each in chapters[begin:] if current_task(each)), chapters[begin])
