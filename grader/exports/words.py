"""What the exports share: the texts of a report, made safe to show, and its numbers in words."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from grader.board import WRONG, labelled
from grader.report import CheckResult, Line, Outcome, Report
from grader.scrub import scrub

LONGEST = 2000  # characters of one text
ENDS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "not right yet",
    Outcome.TODO: "to do",
    Outcome.CRASHED: "the program ended",
    Outcome.TIMEOUT: "we stopped waiting",
    Outcome.MEMORY: "too much memory",
    Outcome.ERROR: "not graded",
}
NOT_GRADED = "not graded: the grader could not do its work, and this says nothing about the program"


def clean(text: str, longest: int = LONGEST) -> str:
    """A text on one line: printable, and cut."""
    return scrub(text, longest)


def place(report: Report, line: Line) -> str:
    """The file of a line, as it is called in the repository that was handed in."""
    return clean(PurePosixPath(report.folder, line.path).as_posix())


def rows(report: Report, check: CheckResult) -> dict[str, str]:
    """What the board says of a failing check, label -> text; a text may have several lines."""
    if check.finding is None:
        return {}
    return {label: scrub(text, LONGEST, lines=True) for label, text in labelled(report, check, check.finding).items()}


def details(report: Report, check: CheckResult) -> str:
    """The same as plain text, a line each."""
    return "\n".join(f"{label}: {text}" for label, text in rows(report, check).items())


def end(check: CheckResult) -> str:
    """How a check ended, in two or three words."""
    return f"needs {clean(check.waits_for)}" if check.outcome is Outcome.BLOCKED else ENDS[check.outcome]


def total(report: Report) -> str:
    """The number at the top."""
    if report.score is None:
        return NOT_GRADED
    part = " (some tasks only)" if report.partial else ""
    return f"{report.score} of {report.maximum} points{part}"


def title(report: Report) -> str:
    """The line at the top."""
    return f"chapter {clean(report.chapter)}: {clean(report.title)}"


def circumstances(report: Report) -> list[str]:
    """What is said of the run as a whole: how the program was confined, and what was left out."""
    return [f"graded with: {clean(report.level)}, in {report.seconds:.0f} s", *map(clean, report.notes)]


def wrong(report: Report) -> list[CheckResult]:
    """The checks that went wrong; of those with one cause the first, and all first ones before the others."""
    failing = [check for check in report.checks if check.outcome in WRONG]
    causes: dict[str, CheckResult] = {}
    for check in failing:
        causes.setdefault((check.finding.concept if check.finding else "") or check.id, check)
    first = list(causes.values())
    return first + [check for check in failing if not any(check is each for each in first)]


def unique(names: Iterable[str]) -> Iterator[str]:
    """The names, a number behind those that were there before: some readers drop the second of a name."""
    seen: set[str] = set()
    for name in names:
        different, number = name, 1
        while different in seen:
            number += 1
            different = f"{name} ({number})"
        seen.add(different)
        yield different
