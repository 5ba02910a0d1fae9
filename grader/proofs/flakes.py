"""Grades the same programs again and again, side by side, so that no core is ever idle: no verdict may ever differ."""

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader import starters
from grader.course import Chapter, UsageError
from grader.proofs import bank
from grader.proofs.graded import grade, in_parallel
from grader.report import CheckResult, Report

WHAT = ("solution", "starter", "mistakes")
MISTAKES = 10  # of the bank, chosen evenly
CROWD = 2  # gradings for each core, each with the two workers that a student has


@dataclass
class Tally:
    """What was seen so far."""

    first: dict[str, Report] = field(default_factory=dict)  # what was graded -> its first report
    differences: int = 0
    times: list[float] = field(default_factory=list)

    def add(self, name: str, report: Report | str, seconds: float) -> list[str]:
        """Count one grading; how it differs from the first of that program."""
        if isinstance(report, str):  # a grader that gives nothing is the worst difference of all
            found = [report]
        else:
            self.times.append(seconds)
            found = _differences(self.first.setdefault(name, report), report)
        self.differences += len(found)
        return found

    def figures(self) -> str:
        """What was seen, in a line."""
        counts = f"{len(self.times)} gradings, {self.differences} differences"
        if not self.times:
            return counts
        return f"{counts}; median {statistics.median(self.times):.1f} s, slowest {max(self.times):.1f} s"


def _programs(chapter: Chapter, what: Sequence[str], folder: Path) -> dict[str, Path]:
    """What to grade: its name -> the folder that holds its app/."""
    found = {"solution": chapter.solution} if "solution" in what else {}
    if "starter" in what:
        found["starter"] = folder / "starter"
        starters.write(chapter, found["starter"])
    if "mistakes" in what:
        entries = bank.mistakes(chapter)
        number = min(MISTAKES, len(entries))
        for entry in (entries[position * len(entries) // number] for position in range(number)):
            found[entry.id] = folder / "mistakes" / entry.id
            bank.apply(entry, chapter, found[entry.id])
    return found


def _told(check: CheckResult | None) -> str:
    """A verdict with what explains it."""
    if check is None:
        return "not there"
    finding = check.finding
    return check.outcome + (f" (expected {finding.expected}; got {finding.got})" if finding else "")


def _differences(first: Report, now: Report) -> list[str]:
    """The checks whose outcome is another than the first time."""
    before, after = ({check.id: check for check in report.checks} for report in (first, now))
    return [
        f"{id_}: first {_told(before.get(id_))}, now {_told(after.get(id_))}"
        for id_ in sorted(before.keys() | after.keys())
        if not (id_ in before and id_ in after and before[id_].outcome is after[id_].outcome)
    ]


def _attempt(chapter: Chapter, folder: Path) -> Report | str:
    """Grade in a fresh grader, with as many workers as a student has; why it gave no report."""
    try:
        return grade(chapter, folder, workers=2)
    except (RuntimeError, subprocess.TimeoutExpired) as problem:
        return str(problem)


def flakes(chapter: Chapter, runs: int, what: Sequence[str], *, busy: bool, say: Callable[[str], None]) -> bool:
    """Grade each program again and again, and compare every verdict with its first.

    Args:
        chapter: whose suite.
        runs: how often each program is graded.
        what: of WHAT.
        busy: so many gradings side by side that every core has always another to do; else one behind the other.
        say: called with each difference at once, with the figures so far after each run, and with them at the end.

    Returns:
        Whether every verdict was the same every time. Ctrl-C comes through, behind the figures so far.

    Raises:
        UsageError: `what` names something else.
    """
    if wrong := [each for each in what if each not in WHAT]:
        raise UsageError(f"There is no {wrong[0]!r} to grade; there are {', '.join(WHAT)}.")
    tally, alone = Tally(), threading.Lock()
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        programs = _programs(chapter, what, Path(folder))
        names = list(programs)

        def one(number: int) -> None:
            run, name = number // len(names) + 1, names[number % len(names)]
            began = time.monotonic()
            report = _attempt(chapter, programs[name])
            with alone:
                for difference in tally.add(name, report, time.monotonic() - began):
                    say(f"run {run}, {name}: {difference}")
                if name == names[-1]:
                    say(f"run {run} of {runs}: {tally.figures()}")

        try:
            in_parallel(range(runs * len(names)), one, at_once=CROWD * (os.cpu_count() or 1) if busy else 1)
        finally:
            say(f"in all: {tally.figures()}")
    return not tally.differences
