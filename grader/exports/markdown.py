"""Report -> Markdown, and the job summary of GitHub Actions, which is the same within a bound."""

import html
import re

from grader.exports import words
from grader.report import CheckResult, Report

MOST = 900 * 1024  # bytes of a job summary; GitHub drops a longer one than 1 MiB without a word
ACTIVE = re.compile(r"[\\`*_\[\]<>|&#~@!$:]")  # what Markdown, or a service that shows it, gives a meaning


def render(report: Report, most: int | None = None) -> str:
    """The document.

    Args:
        report: what came of the grading.
        most: bytes; failures that do not fit are counted in place of being shown. All of them when None.
    """
    lines = [f"## {inert(words.title(report))}", "", f"**{inert(words.total(report))}**", ""]
    lines += [f"- {inert(line)}" for line in words.circumstances(report)]
    lines += ["", *table(report)]
    text = "\n".join(lines) + "\n"
    failing = words.wrong(report)
    for number, check in enumerate(failing):
        added = failure(report, check)
        if most is not None and len((text + added).encode()) > most:
            return text + f"\n{len(failing) - number} more checks failed; the report has them.\n"
        text += added
    return text


def summary(report: Report) -> str:
    """The job summary."""
    return render(report, MOST)


def table(report: Report) -> list[str]:
    """The tasks with their points."""
    lines = ["| task | | points |", "|---|---|---|"]
    for task in report.tasks:
        checks = report.of_task(task.id)
        points = f"{sum(check.earned for check in checks)} / {sum(check.points for check in checks)}"
        cells = (inert(words.clean(task.id)), inert(words.clean(task.title)), points if report.gradable else "")
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def failure(report: Report, check: CheckResult) -> str:
    """One failing check; what the program said stands in a block that nothing in it can end."""
    head = f"\n### {inert(words.clean(f'{check.task} {check.label}'))}\n\n"
    body = words.details(report, check) or words.end(check)
    return f"{head}<pre>\n{html.escape(body)}\n</pre>\n"


def inert(text: str) -> str:
    """A text on one line that means nothing but itself."""
    return ACTIVE.sub(lambda found: f"&#{ord(found[0])};", text)
