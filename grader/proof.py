"""Grades the entries of the banks, each in a grader of its own, several at a time, and compares with what they name."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader import bank
from grader.board import WRONG, Look, render
from grader.course import ROOT, Chapter
from grader.report import Outcome, Report

PATIENCE = 400  # seconds for one entry
NAMES = re.compile(r"[a-z]+-\d+")  # of users: drawn anew for each run


@dataclass(frozen=True)
class Proof:
    """An entry, its report, and what is not as it should be."""

    entry: bank.Mistake | bank.Variation
    report: Report | None
    complaints: tuple[str, ...]

    @property
    def board(self) -> str:
        """What the student sees."""
        return render(self.report, Look(width=100)) if self.report else ""


def grade(chapter: Chapter, folder: Path) -> Report:
    """Grade a folder in a fresh grader process.

    Raises:
        RuntimeError: it gave no report.
    """
    command = [sys.executable, "-m", "grader", "chapter", chapter.number, "--submission", str(folder), "--json", "-"]
    command += ["--workers", "1"]  # as many entries at a time as there are cores
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    try:
        return Report.from_json(done.stdout)
    except ValueError:
        raise RuntimeError(f"no report, exit status {done.returncode}: {done.stderr[-2000:]}") from None


def lost(report: Report) -> set[str]:
    """The checks that failed, without those that only wait."""
    return {check.id for check in report.checks if check.outcome in WRONG | {Outcome.ERROR, Outcome.TODO}}


def complaints(entry: bank.Mistake | bank.Variation, report: Report, board: str) -> Iterator[str]:
    """What is not as the entry says."""
    wanted, races = (set(entry.loses), set(entry.races)) if isinstance(entry, bank.Mistake) else (set(), set())
    for id_ in sorted(lost(report) - wanted - races):
        finding = next(check.finding for check in report.checks if check.id == id_)
        yield f"loses {id_}, unnamed" + (f": expected {finding.expected}; got {finding.got}" if finding else "")
    for id_ in sorted(wanted - lost(report)):
        yield f"keeps {id_}, which it should lose"
    if isinstance(entry, bank.Mistake):
        flat = " ".join(board.split())
        for text in entry.says:
            if " ".join(text.split()) not in flat:
                yield f"the board does not say {text!r}"
        if not entry.loses:
            yield "it names no check that it loses"


def prove(chapter: Chapter, entry: bank.Mistake | bank.Variation) -> Proof:
    """Grade one entry and compare."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        try:
            bank.apply(entry, chapter, Path(folder, entry.id))
            report = grade(chapter, Path(folder, entry.id)).model_copy(update={"folder": f"chapters/{chapter.slug}"})
        except (bank.BankError, RuntimeError, subprocess.TimeoutExpired) as problem:
            return Proof(entry, None, (str(problem),))
    return Proof(entry, report, tuple(complaints(entry, report, render(report, Look(width=100)))))


def prove_all(
    chapter: Chapter, entries: Sequence[bank.Mistake | bank.Variation], heard: Callable[[Proof], None]
) -> list[Proof]:
    """Grade entries, a few more at a time than there are cores; `heard` is called with each as it is done."""

    def one(entry: bank.Mistake | bank.Variation) -> Proof:
        proof = prove(chapter, entry)
        heard(proof)
        return proof

    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:  # each waits now and then
        return list(pool.map(one, entries))


def unproven(report: Report, entries: Iterable[bank.Mistake]) -> list[str]:
    """The checks of a chapter that no mistake of the bank loses."""
    killed = {id_ for entry in entries for id_ in entry.loses}
    return [check.id for check in report.checks if check.id not in killed]


def doubles(proofs: Sequence[Proof]) -> list[str]:
    """Pairs of mistakes that lose the same checks and show the same board, but for what is random."""
    seen: dict[object, str] = {}
    found = []
    for proof in proofs:
        if isinstance(proof.entry, bank.Mistake) and proof.report:
            first = next((check.finding for check in proof.report.checks if check.finding), None)
            seen_by_student = first and (first.why, first.line, first.expected, first.got, first.rows)
            key = (frozenset(lost(proof.report)), NAMES.sub("somebody", str(seen_by_student)))
            if key in seen:
                found.append(f"{seen[key]} and {proof.entry.id} lose the same checks with the same board")
            seen.setdefault(key, proof.entry.id)
    return found
