"""Report -> Gradescope's results.json."""

import json
from typing import Any

from grader.exports import words
from grader.report import CheckResult, Outcome, Report


def render(report: Report) -> str:
    """The document; without a score, and without tests, when there is no fair number to give."""
    lines = [words.title(report), words.total(report), *words.circumstances(report)]
    document: dict[str, Any] = {
        "output": "\n".join(lines),
        "output_format": "text",
        "execution_time": round(report.seconds),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
        "extra_data": {"level": words.clean(report.level), "gradable": report.gradable},
    }
    if report.score is not None:
        document["score"] = report.score
        document["tests"] = [test(report, check) for check in report.checks]
    return json.dumps(document, indent=2) + "\n"


def test(report: Report, check: CheckResult) -> dict[str, Any]:
    """One check."""
    return {
        "number": words.clean(check.task),
        "name": words.clean(f"{check.label} [{check.id}]"),
        "score": check.earned,
        "max_score": check.points,
        "status": "passed" if check.outcome is Outcome.PASSED else "failed",
        "output": words.details(report, check) or words.end(check),
        "output_format": "text",
        "name_format": "text",
        "visibility": "visible",
    }
