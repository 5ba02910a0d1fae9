"""The pytest plugin: which checks run, in which order, what blocks which, and what came of each."""

import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader import verdict
from grader.app import App
from grader.check import Check
from grader.course import Chapter
from grader.expect import CheckFailed
from grader.markers import untouched
from grader.report import CheckResult, Outcome, Report, TaskInfo
from grader.student import Student, Submission

CHECK_DEADLINE = 60.0  # seconds for one check
RUN_DEADLINE = 300.0  # seconds for all; what has not run by then is a timeout
CHECK = pytest.StashKey[Check]()


class Grading:
    """Declares the checks, runs them against a submission, and fills in the report."""

    def __init__(
        self, chapter: Chapter, submission: Submission, report: Report, tasks: tuple[str, ...] = (),
        heard: Callable[[CheckResult], None] = lambda _result: None,
    ) -> None:  # fmt: skip
        """`tasks` are those asked for, all when empty; `heard` is called with every result as it comes."""
        self.chapter = chapter
        self.submission = submission
        self.report = report
        self.tasks = tasks
        self.heard = heard
        self.untouched = untouched(chapter.solution, submission.root)
        self.results: dict[str, CheckResult] = {}
        self.declared: list[Check] = []
        self.timer: threading.Timer | None = None
        self.run_timer = threading.Event()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, config: pytest.Config, items: list[Any]) -> None:
        """Declare every check, in the order of the tasks; keep those asked for and what they need."""
        del session, config
        for item in items:
            item.stash[CHECK] = item.function.__check__
        items.sort(key=lambda item: order(item.stash[CHECK].task))
        self.declared = [item.stash[CHECK] for item in items]
        if self.tasks:
            wanted = needed(self.declared, self.tasks)
            items[:] = [item for item in items if item.stash[CHECK].id in wanted]
            self.declared = [check for check in self.declared if check.id in wanted]
        used = {check.task for check in self.declared}
        self.report = self.report.model_copy(
            update={
                "tasks": tuple(TaskInfo(id=id_, title=title) for id_, title in self.chapter.tasks.items() if id_ in used),
                "checks": tuple(result(check, Outcome.ERROR) for check in self.declared),
                "partial": bool(self.tasks),
            }
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a check that waits for another."""
        check = item.stash[CHECK]
        for need in check.needs:
            first = need if "/" in need else next(each.id for each in self.declared if each.task == need)
            found = self.results.get(first)
            if found and found.outcome is not Outcome.PASSED:
                task = found.waits_for or found.task
                outcome = Outcome.TODO if check.task in self.untouched or task == check.task else Outcome.BLOCKED
                if task == check.task and found.outcome is not Outcome.TODO and check.task not in self.untouched:
                    outcome = Outcome.BLOCKED
                self.record(result(check, outcome, waits_for=task if outcome is Outcome.BLOCKED else ""))
                pytest.skip("blocked")
        if self.run_timer.is_set():
            self.record(result(check, Outcome.TIMEOUT))
            pytest.skip("out of time")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Record what came of a check, while its program still lives."""
        check = item.stash[CHECK]
        problem = call.excinfo.value if call.excinfo else None
        if call.when == "call" and problem is None:
            self.record(result(check, Outcome.PASSED, seconds=call.duration))
        elif isinstance(problem, CheckFailed):
            student: Student | None = getattr(item, "funcargs", {}).get("student")
            timeline = [line for app in (student.apps if student else []) for line in app.timeline]
            said = verdict.judge(check, problem, self.chapter, self.submission.root, self.untouched, timeline)
            self.record(result(check, said.outcome, said.waits_for, call.duration, said.finding))
        elif problem is not None and not isinstance(problem, pytest.skip.Exception):
            traceback.print_exception(problem, file=sys.stderr)
            self.record(result(check, Outcome.ERROR, seconds=call.duration))
        return (yield)

    def record(self, found: CheckResult) -> None:
        """Keep a result; an error is not forgotten."""
        before = self.results.get(found.id)
        if before is None or found.outcome is Outcome.ERROR:
            self.results[found.id] = found
            self.report = self.report.with_result(found)
            self.heard(found)

    @pytest.fixture(scope="session")
    def database_url(self) -> str:
        """What DATABASE_URL looks like in this chapter, with {path} for the file; a suite may say otherwise."""
        return "sqlite:///{path}"

    @pytest.fixture(scope="session")
    def program(self, database_url: str) -> Submission:
        """The submission, ready to run."""
        self.submission.database_url = database_url
        return self.submission

    @pytest.fixture
    def student(self, program: Submission) -> Iterator[Student]:
        """What this check may do with the student's program; whatever it starts is ended."""
        student = Student(program)
        timer = threading.Timer(CHECK_DEADLINE, student.expire)
        timer.daemon = True
        timer.start()
        yield student
        timer.cancel()
        student.close()

    @pytest.fixture
    def app(self, student: Student) -> App:
        """The app, started afresh with a database of its own."""
        return student.start()


def order(task: str) -> tuple[int, ...]:
    """1.2 comes before 1.10."""
    return tuple(map(int, task.split(".")))


def result(
    check: Check, outcome: Outcome, waits_for: str = "", seconds: float = 0.0, finding: Any = None
) -> CheckResult:
    """A result of a declared check."""
    return CheckResult(
        id=check.id, task=check.task, label=check.label, points=check.points, outcome=outcome, seconds=round(seconds, 3),
        testimony=check.testimony, waits_for=waits_for, finding=finding,
    )  # fmt: skip


def needed(declared: list[Check], tasks: tuple[str, ...]) -> set[str]:
    """The ids of all checks of these tasks, and of what they need, and what that needs."""
    by_id = {check.id: check for check in declared}
    first: dict[str, str] = {}
    for check in declared:
        first.setdefault(check.task, check.id)
    wanted: set[str] = set()
    queue = [check.id for check in declared if check.task in tasks]
    while queue:
        id_ = queue.pop()
        if id_ not in wanted:
            wanted.add(id_)
            queue += [need if "/" in need else first[need] for need in by_id[id_].needs]
    return wanted
