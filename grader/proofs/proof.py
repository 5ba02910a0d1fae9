"""Grades the entries of the banks, each in a grader of its own, several at a time, and compares with what they name."""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.board import WRONG, Look, render
from grader.course import Chapter
from grader.proofs import bank, golden, reading
from grader.proofs.graded import graded, in_parallel
from grader.report import Outcome, Report

NAMES = re.compile(r"[a-z]+-\d+")  # of users: drawn anew for each run
WAITING = 2  # gradings for each core: a check that fails waits, often for what never comes


@dataclass(frozen=True)
class Proof:
    """An entry, its report, and what is not as it should be."""

    entry: bank.Mistake | bank.Variation
    report: Report | None
    complaints: tuple[str, ...]
    asked: tuple[str, ...] = ()  # the only checks that ran; all when empty

    @property
    def board(self) -> str:
        """What the student sees."""
        return render(self.report, Look(width=100)) if self.report else ""


def lost(report: Report) -> set[str]:
    """The checks that failed, without those that only wait."""
    return {check.id for check in report.checks if check.outcome in WRONG | {Outcome.ERROR, Outcome.TODO}}


def complaints(entry: bank.Mistake | bank.Variation, report: Report, board: str) -> Iterator[str]:
    """What is not as the entry says."""
    wanted, races = (set(entry.loses), set(entry.races)) if isinstance(entry, bank.Mistake) else (set(), set())
    for id_ in sorted(lost(report) - wanted - races):
        finding = next(check.finding for check in report.checks if check.id == id_)
        yield f"loses {id_}, unnamed" + (f": expected {finding.expected}; got {finding.got}" if finding else "")
    known = {check.id for check in report.checks}
    for id_ in sorted(wanted - lost(report)):
        yield f"keeps {id_}, which it should lose" if id_ in known else f"names {id_}, which is no check"
    if isinstance(entry, bank.Mistake):
        flat = " ".join(board.split())
        for text in entry.says:
            if " ".join(text.split()) not in flat:
                yield f"the board does not say {text!r}"
        if not entry.loses:
            yield "it names no check that it loses"


def asked(chapter: Chapter, entry: bank.Mistake | bank.Variation) -> tuple[str, ...]:
    """The checks that a mistake loses by its record; nothing where there is no record: a board that was read."""
    if isinstance(entry, bank.Mistake) and golden.place(chapter, entry).is_file():
        return (*entry.loses, *entry.races)
    return ()


def read(chapter: Chapter, entry: bank.Mistake, folder: Path, report: Report, *, update: bool) -> Iterator[str]:
    """What is not as it was read, and what nobody should have to read; nothing for a board that nobody has read yet.

    With `update` the board is kept as it is.
    """
    if not update and not golden.place(chapter, entry).is_file():
        return
    board = golden.text(report, entry.varies)
    yield from reading.complaints(entry, report, board, reading.edited(chapter.solution, folder))
    if update:
        golden.update(chapter, entry, board)
    yield from golden.complaints(chapter, entry, board)


def prove(
    chapter: Chapter,
    entry: bank.Mistake | bank.Variation,
    *,
    fresh: bool = False,
    update: bool = False,
    level: str = "",
    whole: bool = True,
) -> Proof:
    """Grade one entry and compare.

    Args:
        chapter: whose.
        entry: which.
        fresh: grade it even when nothing has changed since the last time.
        update: keep the board as the one that was read.
        level: grade it in earnest at this level of confinement, in place of practice.
        whole: run every check; else a mistake is asked only for what it should lose.
    """
    with tempfile.TemporaryDirectory(prefix="wb-") as temporary:
        folder = Path(temporary, entry.id)
        some = () if whole or level else asked(chapter, entry)
        try:
            bank.apply(entry, chapter, folder)
            report = graded(chapter, folder, fresh=fresh, level=level, asked=some)
            report = report.model_copy(update={"folder": f"chapters/{chapter.slug}"})
        except (bank.BankError, RuntimeError, subprocess.TimeoutExpired) as problem:
            return Proof(entry, None, (str(problem),))
        told = golden.lucky(report, entry.races) if isinstance(entry, bank.Mistake) else report
        found = list(complaints(entry, report, render(told, Look(width=100))))
        if isinstance(entry, bank.Mistake):
            found += read(chapter, entry, folder, told, update=update)
    return Proof(entry, report, tuple(found), some)


def prove_all(
    chapter: Chapter, entries: Sequence[bank.Mistake | bank.Variation], heard: Callable[[Proof], None],
    *, fresh: bool = False, update: bool = False, level: str = "", whole: bool = True,
) -> list[Proof]:  # fmt: skip
    """Grade entries side by side; `heard` is called with each as it is done; the arguments are those of `prove`."""

    def one(entry: bank.Mistake | bank.Variation) -> Proof:
        proof = prove(chapter, entry, fresh=fresh, update=update, level=level, whole=whole)
        heard(proof)
        return proof

    return in_parallel(entries, one, 0 if whole else WAITING * (os.cpu_count() or 1) + 1)


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
