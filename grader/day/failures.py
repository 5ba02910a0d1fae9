"""The hint for what fails now: the last grading says which check it is, a table beside the hints knows a question for it.

The table is chapters/NN_slug/failures.toml: under [check] the ids of checks, under [concept] those of diagnoses, which go
first because they know more.
"""

import contextlib
import json
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from grader.board import WRONG
from grader.course import Chapter
from grader.report import CheckResult, Report


class Failing(BaseModel):
    """The first check of a task that failed when it was last graded."""

    model_config = ConfigDict(frozen=True)

    check: str
    label: str
    concept: str = ""

    @classmethod
    def of(cls, wrong: CheckResult) -> "Failing":
        """What a report says of a check that failed."""
        concept = wrong.finding.concept.partition(" ")[0] if wrong.finding else ""
        return cls(check=wrong.id, label=wrong.label, concept=concept)


def memory_file(chapter: Chapter) -> Path:
    """Where it is kept what failed last; deleting it does no harm."""
    return chapter.root / ".workbook" / f"failing-{chapter.number}.json"


def _remembered(chapter: Chapter) -> dict[str, Failing]:
    """Task -> what failed; empty when the file is missing or broken."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        entries = json.loads(memory_file(chapter).read_text("utf-8")).items()
        return {task: Failing.model_validate(entry) for task, entry in entries}
    return {}


def remember(chapter: Chapter, report: Report) -> None:
    """Keep what fails of each task in this report; tasks that are not in it stay as they were."""
    if not report.gradable:
        return
    kept = _remembered(chapter)
    for task in report.tasks:
        wrong = next((check for check in report.of_task(task.id) if check.outcome in WRONG), None)
        kept.pop(task.id, None)
        if wrong:
            kept[task.id] = Failing.of(wrong)
    with contextlib.suppress(OSError):  # a folder that cannot be written costs only the memory of it
        memory_file(chapter).parent.mkdir(exist_ok=True)
        memory_file(chapter).write_text(json.dumps({task: each.model_dump() for task, each in kept.items()}), "utf-8")


def table(chapter: Chapter) -> dict[str, dict[str, str]]:
    """The hints for failures: {"check": {id: text}, "concept": {id: text}}; empty where a chapter has none."""
    path = chapter.starter / "failures.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def question(chapter: Chapter, failing: Failing) -> str:
    """What is asked about a failure: about the error the program raised, else about the check; "" where nothing is."""
    known = table(chapter)
    return known.get("concept", {}).get(failing.concept) or known.get("check", {}).get(failing.check, "")


def hint(chapter: Chapter, task: str) -> tuple[Failing, str] | None:
    """What fails of a task, and the hint for it; None when nothing is known to fail, or nothing is known about it."""
    failing = _remembered(chapter).get(task)
    if failing is None:
        return None
    text = question(chapter, failing)
    return (failing, text) if text else None
