"""Suites with one expectation taken out: a mistake of the bank must pass then, or the expectation is proved by nothing."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from grader import course
from grader.course import Chapter
from grader.proofs import bank, golden
from grader.proofs.expectations import Expectation
from grader.proofs.graded import graded, in_parallel
from grader.proofs.proof import asked
from grader.report import Outcome, Report

TREES = ("grader", "solutions", "chapters")


def _copy(target: Path) -> None:
    """A repository whose suite may be bent."""
    ignored = shutil.ignore_patterns("__pycache__", "*.db*", ".mypy_cache")
    for tree in TREES:
        shutil.copytree(course.ROOT / tree, target / tree, ignore=ignored)
    shutil.copy(course.ROOT / "requirements.lock", target)


def _said(report: Report, id_: str) -> tuple[str, ...]:
    """What a report says of a check, without what is random."""
    finding = next((check.finding for check in report.checks if check.id == id_), None)
    return tuple(golden.normal(text, {}) for text in (finding.did, finding.expected, finding.why)) if finding else ()


def candidates(chapter: Chapter, expectation: Expectation) -> list[bank.Mistake]:
    """The mistakes that lose one of its checks; first those whose board says what it says, then the newest."""

    def likeness(entry: bank.Mistake) -> int:
        place = golden.place(chapter, entry)
        board = " ".join(place.read_text("utf-8").split()) if place.is_file() else ""
        return sum(len(text) for text in expectation.texts if text in board)

    entries = [entry for entry in bank.mistakes(chapter) if set(entry.loses) & set(expectation.checks)]
    return sorted(entries, key=likeness)[::-1]


def prover(chapter: Chapter, expectation: Expectation, *, fresh: bool = False) -> tuple[str, str]:
    """What proves an expectation: how, and by which mistake.

    "proved": a mistake is not caught any more without it. "told": all still are, one of them by another expectation, so
    that its board says something else. "": nothing changes.

    Raises:
        RuntimeError: a grading gave no report.
    """
    weaker = ("", "")
    with tempfile.TemporaryDirectory(prefix="wb-") as temporary:
        root = Path(temporary, "repository")
        _copy(root)
        (root / "grader" / "suites" / chapter.slug / expectation.file).write_text(expectation.text, "utf-8")
        for entry in candidates(chapter, expectation):
            folder = Path(temporary, entry.id)
            bank.apply(entry, chapter, folder)
            lost = sorted(set(entry.loses) & set(expectation.checks))
            report = graded(chapter, folder, fresh=fresh, root=root, asked=lost)
            for check in report.checks:  # an error of the suite is noticed too: it fails closed
                if check.id in lost and check.outcome in {Outcome.PASSED, Outcome.ERROR}:
                    return "proved", f"{entry.id}, by {check.id}"
            before = (
                report if weaker[0] else graded(chapter, folder, asked=asked(chapter, entry))
            )  # remembered, as a rule
            if any(_said(before, id_) != _said(report, id_) for id_ in lost):
                weaker = "told", entry.id
    return weaker


def told(expectation: Expectation, found: tuple[str, str]) -> str:
    """The line about one expectation."""
    how, by = found
    state = how or ("step" if expectation.step else "UNPROVED")
    return f"{state:<9}{expectation.id}" + (f"  <- {by}" if by else "")


def prove(
    chapter: Chapter,
    chosen: Sequence[Expectation],
    heard: Callable[[Expectation, tuple[str, str]], None],
    *,
    fresh: bool = False,
) -> list[Expectation]:
    """The expectations that nothing proves, steps aside; `heard` is called with each and what proves it.

    A step may be proved by the check that its own check needs: then nothing passes without it.
    """

    def one(expectation: Expectation) -> tuple[str, str]:
        try:
            found = prover(chapter, expectation, fresh=fresh)
        except (RuntimeError, subprocess.TimeoutExpired) as problem:
            found = "UNGRADED", str(problem)[:200]
        heard(expectation, found)
        return found

    hows = (how for how, _ in in_parallel(chosen, one))
    return [each for each, how in zip(chosen, hows, strict=True) if how == "UNGRADED" or not (how or each.step)]
