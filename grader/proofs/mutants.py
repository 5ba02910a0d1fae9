"""Grades the mutants of a chapter: which are killed, by whose checks, and which nobody notices."""

import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from grader.board import first_failure
from grader.course import Chapter
from grader.proofs import bank
from grader.proofs.graded import graded, in_parallel
from grader.proofs.mutation import Mutant
from grader.proofs.proof import lost
from grader.report import Outcome, Report

MOST_EQUIVALENT = 0.05  # of all mutants
LEAST_KILLED = 0.97  # of those that are not equivalent
LEAST_AT_HOME = 0.90  # of the killed: shown first in the task that owns the line


class State(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    UNGRADED = "not graded"


@dataclass(frozen=True)
class Fate:
    """A mutant, what became of it, and the check that is shown first."""

    mutant: Mutant
    state: State
    by: str = ""
    at_home: bool = False  # in the task that owns the line
    complaint: str = ""


def equivalents(chapter: Chapter) -> dict[str, str]:
    """The mutants that mean the same as the solution: id -> why."""
    path = bank.GRADER / "equivalent" / f"{chapter.slug}.toml"
    entries = tomllib.loads(path.read_text("utf-8")).get("mutant", []) if path.is_file() else []
    return {entry["id"]: entry["reason"] for entry in entries}


def killer(report: Report) -> str:
    """The check that tells the student: the first that is wrong, else one that has become to do; "" when all pass."""
    first = first_failure(report)
    if first:
        return first.id
    return min(lost(report), default="")


def fate(chapter: Chapter, mutant: Mutant, known: dict[str, str], *, fresh: bool = False) -> Fate:
    """Grade one mutant: by its own task and what that needs, and only if it survives by the whole suite."""
    with tempfile.TemporaryDirectory(prefix="wb-") as temporary:
        folder = Path(temporary, "mutant")
        edit = bank.Edit(file=mutant.file, text=mutant.text)
        bank.apply(bank.Variation(id=mutant.id, about="", edit=(edit,)), chapter, folder)
        for tasks in ((mutant.task,), ()):
            try:
                report = graded(chapter, folder, tasks, fresh=fresh)
            except (RuntimeError, subprocess.TimeoutExpired) as problem:
                return Fate(mutant, State.UNGRADED, complaint=str(problem))
            if not report.gradable:
                wrong = next(check.id for check in report.checks if check.outcome is Outcome.ERROR)
                return Fate(mutant, State.UNGRADED, complaint=f"{wrong} is an error of the grader")
            if by := killer(report):
                said = f"listed as equivalent, and {by} notices it" if mutant.id in known else ""
                return Fate(mutant, State.KILLED, by, by.partition("/")[0] == mutant.task, said)
    if mutant.id in known:
        return Fate(mutant, State.EQUIVALENT)
    return Fate(mutant, State.SURVIVED, complaint="no check notices it")


def fates(
    chapter: Chapter, chosen: Sequence[Mutant], heard: Callable[[Fate], None], *, fresh: bool = False
) -> list[Fate]:
    """Grade mutants, several at a time; `heard` is called with each fate as it is known."""
    known = equivalents(chapter)

    def one(mutant: Mutant) -> Fate:
        found = fate(chapter, mutant, known, fresh=fresh)
        heard(found)
        return found

    return in_parallel(chosen, one)


def told(found: Fate) -> str:
    """The line about one mutant."""
    where = (
        f" by {found.by}" + ("" if found.at_home else f", of another task than {found.mutant.task}") if found.by else ""
    )
    line = f"{found.state:<10} {found.mutant.file}:{found.mutant.line}  {found.mutant.id}{where}"
    return f"{line}\n      {found.complaint}" if found.complaint else line


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def summary(found: Sequence[Fate]) -> tuple[list[str], list[str]]:
    """The figures, and what of them is not good enough."""
    count = {state: sum(each.state is state for each in found) for state in State}
    home = sum(each.at_home for each in found)
    equivalent = count[State.EQUIVALENT]
    killed = count[State.KILLED]
    figures = [
        f"{len(found)} mutant{'s' * (len(found) != 1)}: "
        + ", ".join(f"{number} {state}" for state, number in count.items()),
        f"killed of all: {_share(killed, len(found)):.1%}; of those that are not equivalent: {_share(killed, len(found) - equivalent):.1%}",
        f"equivalent: {_share(equivalent, len(found)) if found else 0:.1%}; killed first in their own task: {_share(home, killed):.1%}",
    ]
    bars = []
    if _share(killed, len(found) - equivalent) < LEAST_KILLED:
        bars.append(f"fewer than {LEAST_KILLED:.0%} are killed")
    if found and _share(equivalent, len(found)) > MOST_EQUIVALENT:
        bars.append(f"more than {MOST_EQUIVALENT:.0%} are equivalent")
    if _share(home, killed) < LEAST_AT_HOME:
        bars.append(f"fewer than {LEAST_AT_HOME:.0%} are shown first in their own task")
    return figures, bars


def strangers(chapter: Chapter, everything: Sequence[Mutant]) -> list[str]:
    """Entries of the list of equivalents that are no mutant any more, or give no reason."""
    ids = {mutant.id for mutant in everything}
    return [
        f"{id_!r} is listed as equivalent, and is no mutant"
        if id_ not in ids
        else f"{id_!r} is listed as equivalent without a reason"
        for id_, reason in equivalents(chapter).items()
        if id_ not in ids or not reason.strip()
    ]
