"""Runs one suite against one version, and gives the Report. A second worker shares the checks."""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from grader.box.control import Launcher
from grader.box.sandbox import MEGABYTE, Level, Practice
from grader.check import Check
from grader.course import Chapter, shown
from grader.report import CheckResult, Outcome, Report, TaskInfo
from grader.schedule import Schedule, result
from grader.source import todo
from grader.work import work
from grader.worker import Colleague

ROOM = 32 * MEGABYTE  # free on disk, or databases would fail and look like wrong answers
LONGEST_TEMPORARY = 60  # characters; the path of a Unix socket may have 103 bytes


@contextlib.contextmanager
def private() -> Iterator[Path]:
    """A folder for what one worker writes, removed at the end, with whatever the program has left in it.

    Raises:
        OSError: the disk is full.
    """
    if shutil.disk_usage(tempfile.gettempdir()).free < ROOM:
        raise OSError(f"fewer than {ROOM // MEGABYTE} MB are free in {tempfile.gettempdir()}")
    short = len(tempfile.gettempdir()) < LONGEST_TEMPORARY
    run = Path(tempfile.mkdtemp(prefix="wb-", dir=None if short else "/tmp"))  # noqa: S108 -- private, by mkdtemp
    try:
        yield run
    finally:
        shutil.rmtree(run, ignore_errors=True)


def _tasks(chapter: Chapter, checks: list[Check], folder: Path) -> tuple[TaskInfo, ...]:
    """The tasks that these checks are about, with the place of each one's first TODO in the folder."""
    used = {check.task for check in checks}
    titles = {id_: title for id_, title in chapter.tasks.items() if id_ in used}
    return tuple(TaskInfo(id=id_, title=title, place=todo(folder, id_)) for id_, title in titles.items())


def grade(
    chapter: Chapter, folder: Path, source: str, *, tasks: tuple[str, ...] = (), level: Level | None = None,
    heard: Callable[[CheckResult], None] = lambda _result: None, workers: int | None = None,
    warm: Launcher | None = None, alone: bool = False, known: Iterable[CheckResult] = (),
    asked: Collection[str] = (),
) -> Report:  # fmt: skip
    """Grade one version of a chapter.

    Args:
        chapter: whose suite.
        folder: the version: a folder that holds app/.
        source: what it is: "student", "solution" or "submission".
        tasks: only these tasks and what they need; all when empty.
        level: how the program is confined; `Practice` when None.
        heard: called with each result as it comes.
        workers: 1, or 2 to share the checks with a second process; None for what the machine has cores for.
        warm: a launcher that is running already; it is left running.
        alone: without what the tasks need, by one worker: only for who knows already that it passes.
        known: what checks said of the very same program; they are not run.
        asked: the ids of the only checks to run, where of all others is said that they pass: for proofs alone.

    Returns:
        The report. What the student's program does never raises here.
    """
    began = time.monotonic()
    count = 1 if alone or (level and level.refuge) else workers or min(2, os.cpu_count() or 1)
    report = Report(
        chapter=chapter.number, title=chapter.title, source=source, folder=shown(folder),
        level=(level or Practice()).name, partial=bool(tasks), tasks=(), checks=(),
    )  # fmt: skip
    schedule: list[Schedule] = []
    colleague: Colleague | None = None

    def begin(checks: list[Check], taken_in: Path, untouched: set[str]) -> Schedule:
        unasked = [result(check, Outcome.PASSED) for check in checks if asked and check.id not in asked]
        schedule.append(Schedule(checks, untouched, heard, known=[*unasked, *known]))
        if colleague:
            threading.Thread(target=colleague.serve, args=(schedule[0],), daemon=True).start()
        nonlocal report
        without = tuple(result(check, Outcome.ERROR) for check in checks)
        report = report.model_copy(update={"tasks": _tasks(chapter, checks, taken_in), "checks": without})
        return schedule[0]

    with contextlib.ExitStack() as stack:
        own = stack.enter_context(private())  # removed when nobody is left who writes
        if count > 1:
            colleague = Colleague(chapter, folder, stack.enter_context(private()), tasks)
            stack.callback(colleague.close)  # after the launcher: it is leaving by itself
        launcher = warm or Launcher(level or Practice())
        if not warm:
            stack.callback(launcher.close)
        if colleague:
            launcher.double(colleague.twin, colleague.process.pid)
        notes = work(chapter, folder, own, tasks, begin, launcher, alone=alone)
    for found in schedule[0].results.values() if schedule else ():
        report = report.with_result(found)
    return report.model_copy(update={"seconds": round(time.monotonic() - began, 2), "notes": notes})
