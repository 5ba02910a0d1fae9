"""Measures the grader, side by side with a replay of its own requests in one process. Speed is never a failing test."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import run
from grader.box import kernel
from grader.box.control import Launcher
from grader.box.sandbox import Practice
from grader.course import ROOT, Chapter
from grader.proofs.bench_watch import delays, figures
from grader.proofs.recording import Recording
from grader.submission import Submission

AIM = {"01": 4.0, "02": 6.0}  # seconds for a chapter under nox
LIFE = 150  # milliseconds
MEMORY = 200  # megabytes
LIVES = 20  # how many are timed
PATIENCE = 300  # seconds for one command
GENERATED = '''"""Generated: what the grader did, check by check."""
from pathlib import Path

import pytest

from grader.proofs.replay import Replay, load

HERE = Path(__file__).parent
CHECKS = load(HERE)


@pytest.mark.parametrize("check", CHECKS)
def test_replay(check):
    Replay(HERE / "app").run(CHECKS[check])
'''


@dataclass
class Side:
    """A command that is timed."""

    name: str
    command: list[str]
    seconds: list[float]
    complaint: str = ""

    def measure(self) -> None:
        """Run it once."""
        began = time.monotonic()
        # Warm means compiled: without bytecode both sides would compile again and again.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        options: dict[str, Any] = {"cwd": ROOT, "env": environment, "stdin": subprocess.DEVNULL, "timeout": PATIENCE}
        try:
            subprocess.run(self.command, **options, capture_output=True, text=True, check=True)
        except subprocess.TimeoutExpired:
            self.complaint = f"{self.name}: no end within {PATIENCE} seconds"
        except subprocess.CalledProcessError as failed:
            lines = (failed.stdout + failed.stderr).strip().splitlines()
            self.complaint = f"{self.name}: exit status {failed.returncode}, {lines[-1] if lines else 'no output'}"
        self.seconds.append(time.monotonic() - began)

    @property
    def median(self) -> float:
        """Of all that were counted."""
        return statistics.median(self.seconds)


def row(what: str, figure: str, bar: str = "", good: bool | None = None) -> str:  # noqa: FBT001 -- a column of the table
    """A line of the table."""
    verdict = "" if good is None else "PASS" if good else "over"
    return f"  {what:<46} {figure:>22}  {bar:<24} {verdict}".rstrip()


def record(chapter: Chapter, folder: Path, tasks: tuple[str, ...] = ()) -> tuple[Recording, str]:
    """Grade the reference here, and write what was done to it as a pytest file; and what went wrong."""
    recording = Recording()
    with recording.listening():
        report = run.grade(chapter, chapter.solution, "solution", tasks=tasks, workers=1, heard=recording.heard)
    recording.save(folder)
    shutil.copytree(chapter.solution / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
    (folder / "test_replay.py").write_text(GENERATED, "utf-8")
    lost = [check.id for check in report.checks if check.points != check.earned]
    return recording, f"the recorded grading lost {', '.join(lost)}" if lost else ""


def sides(chapter: Chapter, folder: Path) -> list[Side]:
    """The commands to compare: the grader, the replay, and the grader under nox where there is one."""
    python, asked = [sys.executable, "-m"], ["--", "--solution"]
    replay = [*python, "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", "--rootdir", str(folder)]
    found = [
        Side("grader", [*python, "grader", "chapter", chapter.number, "--solution"], []),
        Side("replay", [*replay, "-c", os.devnull, "--import-mode=importlib", str(folder / "test_replay.py")], []),
    ]
    nox = subprocess.run([*python, "nox", "--version"], capture_output=True, check=False).returncode == 0
    front = [*python, "nox"] if nox else [shutil.which("nox") or ""]
    if front[0]:
        found.append(Side("nox", [*front, "-s", f"chapter-{chapter.number}", *asked], []))
    return found


def memory(command: Sequence[str]) -> list[float]:
    """The peak resident memory in megabytes of each process of a grader, without the launchers and what is below them."""
    peaks: dict[bytes, float] = {}
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        for pid in [process.pid, *kernel.descendants(process.pid)] if kernel.LINUX else []:
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                status = Path(f"/proc/{pid}/status").read_text("utf-8")
            except OSError:
                continue
            if len(words) > 2 and words[2] in {b"grader", b"grader.worker"} and "VmHWM:" in status:
                peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
                peaks[words[2]] = max(peak, peaks.get(words[2], 0))
        time.sleep(0.05)
    return list(peaks.values())


def lives(chapter: Chapter, url: str) -> tuple[float, float]:
    """Milliseconds to the first answer, medians: from the start of a life, and of one that was begun ahead."""
    fresh, ahead = [], []
    with (
        run.private() as folder,
        closing(Launcher(Practice())) as launcher,
        closing(Submission(chapter.solution / "app", folder, launcher)) as submission,
    ):
        submission.database_url = url
        submission.take_spare()  # the first one waits for the launcher
        for _ in range(LIVES):
            began = time.monotonic()
            app = submission.serve(submission.folder())
            app.get("/")
            fresh.append(time.monotonic() - began)
            app.kill()
            began = time.monotonic()
            _, app = submission.take_spare()
            app.get("/")
            ahead.append(time.monotonic() - began)
            app.kill()
    return statistics.median(fresh) * 1000, statistics.median(ahead) * 1000


def table(chapter: Chapter, found: Sequence[Side], megabytes: Sequence[float], life: Sequence[float]) -> list[str]:
    """The table."""
    median = {side.name: side.median for side in found}
    grader, replay, aim = median["grader"], median["replay"], AIM.get(chapter.number)
    lines = [
        row("replay in one process, plain pytest", f"{replay:.2f} s", "the baseline"),
        row("grader on the reference", f"{grader:.2f} s, {grader / replay:.2f} x", "the replay", grader <= replay),
    ]
    if "nox" in median:
        nox, bar = median["nox"], f"aim: {aim:g} s" if aim else ""
        lines.append(row("the same under nox", f"{nox:.2f} s, {nox / replay:.2f} x", bar, nox <= aim if aim else None))
    lines += [
        row("one life, start to first answer", f"{life[0]:.0f} ms", f"under {LIFE} ms", life[0] < LIFE),
        row("one life, begun ahead", f"{life[1]:.0f} ms", f"under {LIFE} ms", life[1] < LIFE),
    ]
    if megabytes:
        each = " + ".join(f"{number:.0f}" for number in megabytes)
        small = sum(megabytes) < MEMORY
        lines.append(row("memory of the grader's own processes", f"{each} MB", f"under {MEMORY} MB", small))
    return lines


def bench(chapters: Sequence[Chapter], rounds: int, say: Callable[[str], None]) -> None:
    """Measure chapters, and say the figures beside the bars.

    Args:
        chapters: which.
        rounds: how often each side is run; the sides take turns. One run of each before is not counted.
        say: called with each line.
    """
    for chapter in chapters:
        with tempfile.TemporaryDirectory(prefix="wb-") as name:
            recording, complaint = record(chapter, Path(name))
            found = sides(chapter, Path(name))
            megabytes = memory(found[0].command)
            for side in found[1:]:
                side.measure()
                side.seconds.clear()
            for number in range(rounds):
                for side in found if number % 2 else found[::-1]:
                    side.measure()
            life = lives(chapter, recording.url)
        say(f"chapter {chapter.number}, {rounds} rounds, medians; {recording.counts()}")
        for line in table(chapter, found, megabytes, life):
            say(line)
        for figure in figures(delays(chapter, rounds)):
            say(row(*figure))
        for problem in filter(None, [complaint, *(side.complaint for side in found)]):
            say(f"  not as it should be: {problem}")
