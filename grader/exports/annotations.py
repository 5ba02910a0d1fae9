"""Report -> annotations of GitHub Actions: lines that its log turns into marks in the files of a commit."""

from pathlib import PurePosixPath

from grader.exports import words
from grader.report import CheckResult, Report

MOST = 10  # more of a kind are not shown for one step
LONGEST = 1000  # characters


def render(report: Report) -> str:
    """At most ten, those with causes of their own first; empty when there is nothing to say."""
    if report.score is None:
        return command("error", {"title": "Not graded"}, "\n".join([words.NOT_GRADED, *map(words.clean, report.notes)]))
    return "".join(annotation(report, check) for check in words.wrong(report)[:MOST])


def annotation(report: Report, check: CheckResult) -> str:
    """One check that went wrong."""
    place = {}
    if check.finding and (line := check.finding.line):
        path = PurePosixPath(report.folder, line.path)
        if not path.is_absolute():  # GitHub knows only paths within the repository
            place = {"file": words.clean(str(path)), "line": str(line.number)}
    said = {label: text for label, text in words.rows(report, check).items() if label in {"expected", "got", "why"}}
    text = "\n".join([words.end(check), *(f"{label}: {text}" for label, text in said.items())])
    return command("error", {**place, "title": words.clean(f"{check.task} {check.label}")}, text)


def command(kind: str, properties: dict[str, str], text: str) -> str:
    """A line in GitHub's own escaping."""
    listed = ",".join(
        f"{name}={escape(value).replace(':', '%3A').replace(',', '%2C')}" for name, value in properties.items()
    )
    return f"::{kind} {listed}::{escape(text[:LONGEST])}\n"


def escape(text: str) -> str:
    """What may not stand in a line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
