"""Runs one suite against one version, and gives the Report."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from grader.box.control import Launcher
from grader.box.sandbox import Level, Practice
from grader.course import Chapter, shown
from grader.report import CheckResult, Report

PYTEST_OPTIONS = (
    "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-p", "no:threadexception",
    "-p", "no:junitxml", "-p", "no:logging", "-p", "no:doctest", "-p", "no:debugging", "-p", "no:stepwise",
    "--import-mode=importlib", "--assert=plain", "--capture=no", "-o", "addopts=", "-o", "python_functions=test_*",
)  # fmt: skip


def grade(
    chapter: Chapter, folder: Path, source: str, *, tasks: tuple[str, ...] = (), level: Level | None = None,
    heard: Callable[[CheckResult], None] = lambda _result: None,
) -> Report:  # fmt: skip
    """Grade one version of a chapter.

    Args:
        chapter: whose suite.
        folder: the version: a folder that holds app/.
        source: what it is: "student", "solution" or "submission".
        tasks: only these tasks and what they need; all when empty.
        level: how the program is confined; `Practice` when None.
        heard: called with each result as it comes.

    Returns:
        The report. What the student's program does never raises here.
    """
    level = level or Practice()
    began = time.monotonic()
    launcher = Launcher(level)  # first: it warms up while we import
    try:
        import pytest  # noqa: PLC0415

        from grader.plugin import RUN_DEADLINE, Grading  # noqa: PLC0415
        from grader.student import Submission  # noqa: PLC0415

        submission = Submission(folder / "app", launcher)
        try:
            report = Report(
                chapter=chapter.number, title=chapter.title, source=source, folder=shown(folder), level=level.name,
                tasks=(), checks=(), notes=submission.notes,
            )  # fmt: skip
            grading = Grading(chapter, submission, report, tasks, heard)
            with contextlib.ExitStack() as stack:
                stack.callback(timer(RUN_DEADLINE, grading.run_timer.set))
                pytest.main(
                    [str(chapter.suite), *PYTEST_OPTIONS, f"--rootdir={chapter.suite}", "-c", str(Path(__file__).parent / "suites" / "pytest.ini")],
                    plugins=[grading],
                )
            report = grading.report
        finally:
            submission.close()
    finally:
        launcher.close()
    return report.model_copy(update={"seconds": round(time.monotonic() - began, 2)})


def timer(seconds: float, action: Callable[[], None]) -> Callable[[], None]:
    """Do something later; the function that calls it off."""
    import threading  # noqa: PLC0415

    alarm = threading.Timer(seconds, action)
    alarm.daemon = True
    alarm.start()
    return alarm.cancel
