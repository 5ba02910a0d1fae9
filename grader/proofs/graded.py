"""Grades a folder in a fresh grader process, as far as exactly the same was not graded before."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from grader import course
from grader.course import Chapter
from grader.proofs import memory
from grader.report import Report

Item = TypeVar("Item")
Result = TypeVar("Result")
PATIENCE = 400  # seconds for one grading


def grade(
    chapter: Chapter, folder: Path, tasks: tuple[str, ...] = (), root: Path | None = None, level: str = "",
    workers: int = 1, known: Report | None = None, asked: Collection[str] = (),
) -> Report:  # fmt: skip
    """Grade a folder in a fresh grader process; in practice with so many workers, which is 2 for a student.

    In practice the checks of `known` are not run: what they said holds as long as those that they need pass. When some
    are `asked`, of all others is said that they pass.

    Raises:
        RuntimeError: it gave no report.
        subprocess.TimeoutExpired: not within PATIENCE.
    """
    command = [
        sys.executable,
        "-m",
        "grader",
        "grade" if level else "chapter",
        chapter.number,
        "--submission",
        str(folder),
    ]
    for task in tasks:
        command += ["--task", task]
    for id_ in asked:
        command += ["--ask", id_]
    with tempfile.TemporaryDirectory(prefix="wb-") as out:
        earnest = ["--require", level, "--out", out, "--formats", "json"]
        command += earnest if level else ["--json", "-", "--workers", str(workers)]
        if known:
            Path(out, "known.json").write_text(known.to_json(), "utf-8")
            command += ["--known", str(Path(out, "known.json"))]
        done = subprocess.run(
            command, cwd=root or course.ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        written = Path(out, "report.json")
        said = written.read_text("utf-8") if written.is_file() else done.stdout
    try:
        return Report.from_json(said)
    except ValueError:
        raise RuntimeError(f"no report, exit status {done.returncode}: {done.stderr[-2000:]}") from None


def in_parallel(items: Iterable[Item], work: Callable[[Item], Result], at_once: int = 0) -> list[Result]:
    """Do work for each, so many at a time; one more than there are cores when 0, as each waits now and then; in order."""
    with ThreadPoolExecutor(at_once or (os.cpu_count() or 1) + 1) as pool:
        return list(pool.map(work, items))


def graded(
    chapter: Chapter, folder: Path, tasks: tuple[str, ...] = (), *, fresh: bool = False, root: Path | None = None,
    level: str = "", asked: Collection[str] = (),
) -> Report:  # fmt: skip
    """The report on a folder: remembered, or made now; the arguments are those of `memory.key`.

    Args:
        chapter: whose suite.
        folder: the submission.
        tasks: only these and what they need.
        fresh: grade it whatever is remembered.
        root: the repository whose grader grades.
        level: graded in earnest at this level.
        asked: without a level, the ids of the only checks to run: of all others is said that they pass; all when empty.

    Raises:
        RuntimeError: it gave no report.
        subprocess.TimeoutExpired: not within PATIENCE.
    """
    key = memory.key(chapter, folder, tasks, root, level)
    report = None if fresh else memory.recall(key.name)
    if report is None and asked:
        key = key.asking(asked)
        report = None if fresh else memory.recall(key.name)
    if report is None:
        known = None if fresh or level else memory.recall_part(key)
        report = grade(chapter, folder, tasks, root, level, known=known, asked=asked)
        memory.keep(key, report)
    return report
