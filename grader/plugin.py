"""The pytest plugin: declares the checks, runs those it claims, and says what came of each."""

import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader import verdict
from grader.app import App
from grader.check import Check
from grader.course import Chapter
from grader.expect import CheckFailed
from grader.markers import untouched
from grader.report import CheckResult, Finding, Outcome
from grader.schedule import Begin, Source, of_tasks, order, result
from grader.student import Student
from grader.submission import Submission

CHECK_DEADLINE = 120.0  # seconds for one check
# What reading forged data comes to; the suites are typed and proven against the reference, so it is not a slip of ours.
UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
CHECK = pytest.StashKey[Check]()


class Grading:
    """Runs the checks of a suite against a submission, in the order in which they are claimed."""

    def __init__(
        self, chapter: Chapter, submission: Submission, tasks: tuple[str, ...], begin: Begin, *, alone: bool = False
    ) -> None:
        """`tasks` are those asked for, all when empty, `alone` without what they need; `begin` gives the source."""
        self.chapter = chapter
        self.submission = submission
        self.tasks = tasks
        self.begin = begin
        self.alone = alone
        self.untouched = untouched(chapter.solution, submission.root)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Sort by task; keep what was asked for and what it needs."""
        for item in items:
            item.stash[CHECK] = item.function.__check__
        items.sort(key=lambda item: order(item.stash[CHECK].task))
        if self.tasks:
            wanted = of_tasks([item.stash[CHECK] for item in items], self.tasks)
            if self.alone:
                wanted = {id_ for id_ in wanted if id_.partition("/")[0] in self.tasks}
                for item in items:
                    check = item.stash[CHECK]
                    item.stash[CHECK] = replace(check, needs=tuple(need for need in check.needs if need in wanted))
            items[:] = [item for item in items if item.stash[CHECK].id in wanted]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run what is claimed, until there is no more."""
        items = {item.stash[CHECK].id: item for item in session.items}
        self.source: Source = self.begin(
            [item.stash[CHECK] for item in session.items], self.submission.root, self.untouched
        )
        while (id_ := self.source.claim()) is not None:
            self.run(items[id_])
        return True

    def run(self, item: Any) -> None:
        """Run one check, and pass on what came of it.

        In a box, where nobody waits for it, a check that took too long is run once more, and that counts.
        """
        for last in (False, True) if self.submission.refuge else (True,):
            self.found: list[CheckResult] = []
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if last or all(found.outcome is not Outcome.TIMEOUT for found in self.found):
                break
            self.submission.never_started = None
        for found in self.found:
            self.source.done(found)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Say what came of a check, while its program still lives."""
        check = item.stash[CHECK]
        problem = call.excinfo.value if call.excinfo else None
        student: Student | None = getattr(item, "funcargs", {}).get("student")
        if isinstance(problem, UNREADABLE) and self.in_suite(problem):
            problem = CheckFailed(
                check.label, "answers, rows and frames of the kind that the chapter describes",
                f"something that cannot be read as that ({type(problem).__name__}: {problem})",
                life=student.lives[-1] if student and student.lives else None,
            )  # fmt: skip
        if isinstance(problem, CheckFailed):
            timeline = [line for app in (student.apps if student else []) for line in app.timeline]
            try:
                said = verdict.judge(
                    check, problem, self.chapter, self.submission.root, self.untouched, timeline,
                    student.lives if student else (),
                )  # fmt: skip
            except Exception as unread:  # noqa: BLE001 -- testimony may be forged, and is worth no run
                traceback.print_exception(unread, file=sys.stderr)
                said = verdict.without_testimony(check, problem, self.chapter)
            self.record(check, said.outcome, call.duration, said.waits_for, said.finding)
        elif problem is not None:
            traceback.print_exception(problem, file=sys.stderr)
            self.record(check, Outcome.ERROR, call.duration)
        elif call.when == "call":
            self.record(check, Outcome.PASSED, call.duration)
        return (yield)

    def in_suite(self, problem: BaseException) -> bool:
        """Whether a suite raised this, over what the program gave it: the grader's own modules raise no such thing."""
        frames = traceback.extract_tb(problem.__traceback__)
        return bool(frames) and Path(frames[-1].filename).is_relative_to(self.chapter.suite)

    def record(
        self, check: Check, outcome: Outcome, seconds: float, waits_for: str = "", finding: Finding | None = None
    ) -> None:
        """Keep a result."""
        found = result(check, outcome, waits_for).model_copy(update={"seconds": round(seconds, 3), "finding": finding})
        self.found.append(found)

    @pytest.fixture
    def database_url(self) -> str:
        """What DATABASE_URL looks like in this chapter, with {path} for the file; a suite may say otherwise."""
        return "sqlite:///{path}"

    @pytest.fixture
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
