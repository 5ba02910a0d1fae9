"""The one result of grading: a frozen Report, to and from JSON. Everything shown or exported is a function of it."""

import json
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, computed_field

VERSION = 1


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    TODO = "todo"  # its part of the file is still the starter's
    BLOCKED = "blocked"  # a task it needs is not done
    CRASHED = "crashed"  # the student's program ended
    TIMEOUT = "timeout"
    MEMORY = "memory"
    ERROR = "error"  # the grader's own fault, or the machine's: nothing is said about the student


class Frozen(BaseModel):
    """A value: cannot be changed, knows its fields, refuses others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(Frozen):
    """A line of the student's: the path as the student knows it, its number from 1, its text."""

    path: str
    number: int
    text: str
    task: str = ""  # whose TODO stands above it


class Finding(Frozen):
    """What a failing check tells the student. Every text is scrubbed and cut."""

    did: str
    expected: str
    got: str
    line: Line | None = None
    why: str = ""
    lesson: str = ""  # an anchor of the chapter's README.md
    concept: str = ""  # the diagnosis that explains it; equal concepts at equal lines are one cause
    rows: tuple[str, ...] = ()  # effects on the database, statements that ran
    timeline: tuple[str, ...] = ()  # frames of the WebSockets
    printed: str = ""  # the student's own prints
    traceback: str = ""


class CheckResult(Frozen):
    """One check, and what came of it."""

    id: str
    task: str
    label: str
    points: int
    outcome: Outcome
    seconds: float = 0.0
    testimony: bool = False
    waits_for: str = ""  # the task that blocks it
    finding: Finding | None = None

    @property
    def earned(self) -> int:
        """All points or none."""
        return self.points if self.outcome is Outcome.PASSED else 0


class TaskInfo(Frozen):
    """A task: "1.8", its title, and where its first TODO stands: "app/crud.py:14"."""

    id: str
    title: str
    place: str = ""


class Report(Frozen):
    """A chapter graded.

    Starts with `Report.unrun`: every check is an error until its result is recorded, so what is lost on the way
    is never a pass.
    """

    version: int = VERSION
    chapter: str  # "01"
    title: str
    source: str  # "student", "solution" or "submission"
    folder: str  # as shown to the person who asked
    level: str  # how the student's program was confined
    partial: bool = False  # only some tasks were asked for
    tasks: tuple[TaskInfo, ...]
    checks: tuple[CheckResult, ...]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()  # about the submission as a whole

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to write it
    @property
    def gradable(self) -> bool:
        """Whether the grader itself did its work."""
        return bool(self.checks) and not any(check.outcome is Outcome.ERROR for check in self.checks)

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to write it
    @property
    def score(self) -> int | None:
        """The points earned; None when there is no fair number to give."""
        return sum(check.earned for check in self.checks) if self.gradable else None

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to write it
    @property
    def maximum(self) -> int:
        """The points there are."""
        return sum(check.points for check in self.checks)

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to write it
    @property
    def complete(self) -> bool:
        """Whether everything passed."""
        return self.gradable and all(check.outcome is Outcome.PASSED for check in self.checks)

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to write it
    @property
    def testimony_points(self) -> int:
        """The points that rest on what only the student's own process can say."""
        return sum(check.points for check in self.checks if check.testimony)

    @property
    def exit_status(self) -> int:
        """0 complete, 1 not complete, 3 could not be graded."""
        return 0 if self.complete else 1 if self.gradable else 3

    def of_task(self, task: str) -> tuple[CheckResult, ...]:
        """The checks of one task."""
        return tuple(check for check in self.checks if check.task == task)

    def with_result(self, result: CheckResult) -> Self:
        """The report with the result of one declared check filled in.

        Raises:
            ValueError: no such check was declared.
        """
        if result.id not in {check.id for check in self.checks}:
            raise ValueError(f"no check {result.id} was declared")
        return self.model_copy(
            update={"checks": tuple(result if check.id == result.id else check for check in self.checks)}
        )

    def to_json(self) -> str:
        """The report for machines, its sums included, in ASCII; the schema is grader/report.schema.json."""
        return json.dumps(self.model_dump(), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote; the sums are worked out again, not believed.

        Raises:
            ValueError: it is not such a document.
        """
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("a report is a JSON object")  # noqa: TRY004 -- a wrong document, not a wrong call
        return cls.model_validate({name: value for name, value in document.items() if name not in SUMS}, strict=False)


SUMS = frozenset(Report.model_computed_fields)
