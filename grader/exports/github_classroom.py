"""Report -> what the reporter of GitHub Classroom reads from an environment variable: JSON in base64.

The service is gone; its reporter is used by others. `tests` is always there: the reporter fails without.
A test passes only with all its points, or the reporter's two totals would disagree.
"""

import base64
import json
from typing import Any

from grader.exports import words
from grader.report import CheckResult, Outcome, Report
from grader.scrub import scrub

VERSION = 3
LONGEST = 500  # characters of a test's output
ERRORS = frozenset({Outcome.CRASHED, Outcome.TIMEOUT, Outcome.MEMORY})


def render(report: Report) -> str:
    """The value of the variable."""
    graded = report.score is not None
    document = {
        "version": VERSION,
        "status": "error" if not graded else "pass" if report.complete else "fail",
        "max_score": report.maximum if graded else 0,
        "message": words.total(report),
        "tests": [test(report, check, number) for number, check in enumerate(report.checks, 1)] if graded else [],
    }
    return base64.b64encode(json.dumps(document).encode()).decode() + "\n"


def test(report: Report, check: CheckResult, number: int) -> dict[str, Any]:
    """One check."""
    line = check.finding.line if check.finding else None
    status = "pass" if check.outcome is Outcome.PASSED else "error" if check.outcome in ERRORS else "fail"
    return {
        "name": words.clean(f"{check.task} {check.label}"),
        "status": status,
        "message": words.end(check),
        "test_code": words.clean(check.id),
        "task_id": number,
        "filename": words.clean(line.path) if line else "",
        "line_no": line.number if line else 0,
        "duration": check.seconds,
        "score": float(check.earned),
        "output": scrub(words.details(report, check), LONGEST, lines=True),
    }
