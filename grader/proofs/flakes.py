"""Grades the same programs again and again with every core kept busy by other work: no verdict may ever differ."""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader import starters
from grader.course import ROOT, Chapter, UsageError
from grader.proofs import bank
from grader.report import CheckResult, Report

WHAT = ("solution", "starter", "mistakes")
MISTAKES = 10  # of the bank, chosen evenly
PATIENCE = 600  # seconds for one grading, on a machine that is busy
# Ends by itself when we are gone, however we went.
BUSY = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sorted(str(n) for n in range(20_000))"


@dataclass
class Tally:
    """What was seen so far."""

    first: dict[str, Report] = field(default_factory=dict)  # what was graded -> its first report
    runs: int = 0
    differences: int = 0
    times: list[float] = field(default_factory=list)

    def figures(self) -> str:
        """The last line."""
        counts = f"{self.runs} runs, {len(self.times)} gradings, {self.differences} differences"
        if not self.times:
            return counts
        return f"{counts}; median {statistics.median(self.times):.1f} s, slowest {max(self.times):.1f} s"


@contextlib.contextmanager
def _busy(number: int) -> Iterator[None]:
    """Keep that many cores busy."""
    command = [sys.executable, "-c", BUSY, str(os.getpid())]
    working = [subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) for _ in range(number)]
    try:
        yield
    finally:
        for process in working:
            process.kill()
        for process in working:
            process.wait()


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


def _grade(chapter: Chapter, folder: Path) -> Report:
    """Grade in a fresh grader, as a student does. Ctrl-C reaches it once, through us, and it cleans up.

    Raises:
        UsageError: it gave no report.
    """
    command = [sys.executable, "-m", "grader", "chapter", chapter.number, "--submission", str(folder), "--json", "-"]
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, encoding="utf-8", start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=PATIENCE)
        return Report.from_json(out)
    except ValueError:
        said = f"exit status {process.returncode}: {err.strip()[-2000:]}"
        raise UsageError(f"No report on {folder.name}, {said}") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"No report on {folder.name} within {PATIENCE} seconds.") from None
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    """Have it clean up, if it still runs."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


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


def _once(chapter: Chapter, programs: dict[str, Path], tally: Tally, say: Callable[[str], None]) -> None:
    """Grade each program once, and compare."""
    for name, folder in programs.items():
        began = time.monotonic()
        try:
            report = _grade(chapter, folder)
        except UsageError as problem:  # a grader that gives nothing is the worst difference of all
            tally.differences += 1
            say(f"run {tally.runs + 1}, {name}: {problem}")
            continue
        tally.times.append(time.monotonic() - began)
        for difference in _differences(tally.first.setdefault(name, report), report):
            tally.differences += 1
            say(f"run {tally.runs + 1}, {name}: {difference}")
    tally.runs += 1


def flakes(chapter: Chapter, runs: int, what: Sequence[str], *, busy: bool, say: Callable[[str], None]) -> bool:
    """Grade again and again, and compare every verdict with the first.

    Args:
        chapter: whose suite.
        runs: how often.
        what: of WHAT.
        busy: keep every core busy with other work meanwhile.
        say: called with each difference at once, with a line of progress after each run, and with the figures.

    Returns:
        Whether every verdict was the same every time. Ctrl-C comes through, behind the figures so far.

    Raises:
        UsageError: `what` names something else.
    """
    if wrong := [each for each in what if each not in WHAT]:
        raise UsageError(f"There is no {wrong[0]!r} to grade; there are {', '.join(WHAT)}.")
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="wb-") as folder, _busy((os.cpu_count() or 1) if busy else 0):
        programs = _programs(chapter, what, Path(folder))
        try:
            for _ in range(runs):
                _once(chapter, programs, tally, say)
                last = f"{tally.times[-1]:.1f} s" if tally.times else "no report"
                say(f"run {tally.runs} of {runs}: {tally.differences} differences so far; the last grading: {last}")
        finally:
            say(tally.figures())
    return not tally.differences
