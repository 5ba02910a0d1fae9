"""Report -> Classroom 50's result.json (classroom50/result/v1): a test for each task."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from grader.exports import words
from grader.report import Outcome, Report, TaskInfo
from grader.scrub import scrub

LONGEST = 2000  # characters of a test's output
FROM_ENVIRONMENT = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "assignment_type": "ASSIGNMENT_TYPE",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}


def render(report: Report, environment: Mapping[str, str], now: datetime) -> str | None:
    """The document; None when there is no fair number, which this format has no way to say.

    Args:
        report: what came of the grading.
        environment: the variables that Classroom 50 gives to a grader.
        now: when it was graded.
    """
    if report.score is None:
        return None
    document = {"schema": "classroom50/result/v1"}
    document |= {field: words.clean(environment.get(name, "")) for field, name in FROM_ENVIRONMENT.items()}
    owner = environment.get("OWNER") or environment.get("USERNAME", "")
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    tests = [test(report, task) for task in report.tasks]
    sums = {"score": report.score, "max-score": report.maximum, "tests": tests}
    return json.dumps({**document, "owner": words.clean(owner), "datetime": moment, **sums}, indent=2) + "\n"


def test(report: Report, task: TaskInfo) -> dict[str, Any]:
    """One task."""
    checks = report.of_task(task.id)
    output = "\n".join(f"{words.end(check)}: {words.clean(check.label, 200)}" for check in checks)
    return {
        "test-name": words.clean(f"{task.id} {task.title}"),
        "passed": all(check.outcome is Outcome.PASSED for check in checks),
        "score": sum(check.earned for check in checks),
        "max-score": sum(check.points for check in checks),
        "output": scrub(output, LONGEST, lines=True),
    }
