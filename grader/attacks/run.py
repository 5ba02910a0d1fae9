"""One attack: graded in earnest in a process of its own, and looked at from outside."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from grader import course
from grader.attacks.bank import CHAPTER, HONEST, Attack
from grader.attacks.world import World
from grader.box import kernel
from grader.proofs import declared
from grader.report import CheckResult, Outcome, Report
from grader.schedule import of_tasks

PATIENCE = 420  # seconds for one grading: beyond every limit of its own
FIRST_CHECK = "1.1/speaks-to-the-file"
INCOMPLETE = 1  # the exit status of every attack: graded, and not everything passes


@dataclass
class Tried:
    """What came of an attack.

    Args:
        attack: which.
        points: what the report gave.
        told: the outcome of check 1.1 and what the report says about it.
        refusals: what the program itself heard when it tried.
        wrong: what must not be, a sentence each; empty when the grader held.
        seconds: from the start to the report.
        memory: the most the grader's process took, in bytes.
    """

    attack: Attack
    points: int | None = None
    told: str = ""
    refusals: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0

    @property
    def gained(self) -> int:
        """The points beyond what is honest: `known` attacks gain what their entry says."""
        return (self.points or 0) - HONEST if self.attack.known else max(0, (self.points or 0) - self.attack.honest)


def attempt(attack: Attack, level: str) -> Tried:
    """Grade an attack and look at what it did.

    Args:
        attack: which.
        level: "namespaces", "landlock" or "practice".
    """
    kernel.adopt_orphans()
    tried, began = Tried(attack), time.monotonic()
    with World() as world:
        attack.write(world.base / "submission", world.aims)
        notes, out = world.base / "notes.json", world.base / "out"
        command = [sys.executable, "-m", "grader.attacks.subject", str(notes), "grade", CHAPTER, "--require", level]
        command += ["--submission", str(world.base / "submission"), "--out", str(out)]
        for task in attack.tasks:
            command += ["--task", task]
        done = subprocess.run(
            command, cwd=course.ROOT, env=world.environment, capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False, start_new_session=True,
        )  # fmt: skip
        tried.seconds = time.monotonic() - began
        if done.returncode != INCOMPLETE:
            tried.wrong.append(f"exit status {done.returncode}: {done.stderr[-300:]}")
        said: dict[str, Any] = json.loads(notes.read_text("utf-8")) if notes.exists() else {"heard": [], "memory": 0}
        tried.memory = said["memory"]
        try:
            report = Report.from_json((out / "report.json").read_bytes())
        except (OSError, ValueError) as problem:
            tried.wrong.append(f"no report: {problem}")
        else:
            judge(tried, report)
        hear(tried, said["heard"])
        everything = done.stdout + done.stderr + "".join(said["heard"])
        for path in out.iterdir():
            everything += path.read_text("utf-8", "replace")
        if world.secret in everything:
            tried.wrong.append("the secret was read")
        tried.wrong += world.harm()
    return tried


def judge(tried: Tried, report: Report) -> None:
    """Look at the report: complete, no point too many, and it says what happened."""
    attack, chapter = tried.attack, course.chapter(CHAPTER)
    checks = declared.checks(chapter)
    wanted = of_tasks(checks, attack.tasks or tuple(chapter.tasks))
    tried.points, first = report.score, next(iter(report.checks), None)
    if {check.id for check in report.checks} != wanted or not report.gradable:
        tried.wrong.append(f"the report is not complete: {[c.id for c in report.checks if c.outcome is Outcome.ERROR]}")
    if (report.score or 0) > attack.honest:
        tried.wrong.append(f"{report.score} points, where {attack.honest} are honest")
    if attack.known and report.score != attack.honest:
        tried.wrong.append(f"{report.score} points: it no longer does what docs/security.md says")
    if first:
        tried.told = told(first, report)
        if attack.outcome and first.outcome != attack.outcome:
            tried.wrong.append(f"check 1.1 ended as {first.outcome}, not {attack.outcome}")
    if attack.says not in report.to_json():
        tried.wrong.append(f"the report does not say: {attack.says}")


def told(first: CheckResult, report: Report) -> str:
    """What the report says, in a line: of a check that was stopped, else of the first one that is not to do."""
    stopped = (Outcome.CRASHED, Outcome.TIMEOUT, Outcome.MEMORY)
    worst = next((check for check in report.checks if check.outcome in stopped), None)
    worst = worst or next((check for check in report.checks if check.outcome is Outcome.FAILED), first)
    got = worst.finding.got if worst.finding else "; ".join(report.notes[:1])
    return f"{worst.id} {worst.outcome}" + (f": {got}" if got else "")


def hear(tried: Tried, heard: list[str]) -> None:
    """Take what the program said of its own attempts."""
    lines = [line for text in heard for line in text.splitlines()]
    if "_attack" in tried.attack.program() and "tried" not in lines:
        tried.wrong.append("its code never ran")
    if not tried.attack.known:
        tried.wrong += dict.fromkeys(line for line in lines if line.startswith("worked: "))
    tried.refusals = list(dict.fromkeys(line[9:] for line in lines if line.startswith("refused: ")))


def row(tried: Tried) -> str:
    """A line of the table."""
    attack = tried.attack
    held = "BAD " if tried.wrong else "open" if attack.known else "held"
    refusal = f"; it heard {tried.refusals[0][:60]}" if tried.refusals else ""
    line = (
        f"{held} {attack.id:<28} {attack.kind:<9} +{tried.gained} {tried.seconds:5.1f} s "
        f"{tried.memory // 2**20:4} MB  {tried.told[:110]}{refusal}"
    )
    return os.linesep.join([line, *(f"       {wrong[:300]}" for wrong in tried.wrong)])
