"""Report -> what other systems read: a pure function and a file name for each format."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from grader.exports import annotations, classroom50, github_classroom, gradescope, junit, markdown, page
from grader.report import Report


@dataclass(frozen=True)
class Format:
    """Where a format goes, and what makes it; None: this report cannot be said in it."""

    file: str
    render: Callable[[Report], str | None]


FORMATS = {
    "json": Format("report.json", Report.to_json),
    "junit": Format("junit.xml", junit.render),
    "gradescope": Format("results.json", gradescope.render),
    "classroom50": Format("result.json", lambda report: classroom50.render(report, os.environ, datetime.now(UTC))),
    "github-classroom": Format("github-classroom.txt", github_classroom.render),
    "annotations": Format("annotations.txt", annotations.render),
    "summary": Format("summary.md", markdown.summary),
    "markdown": Format("report.md", markdown.render),
    "html": Format("report.html", page.render),
}
