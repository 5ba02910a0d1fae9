"""Which check runs next, which waits, which is blocked: pure bookkeeping, shared by the workers of one run."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from grader.check import Check
from grader.report import CheckResult, Outcome

if TYPE_CHECKING:
    from pathlib import Path

RUN_DEADLINE = 300.0  # seconds for all checks; what has not begun by then is a timeout
LAST_RESULTS = 90.0  # seconds after that for the checks that have


Begin: TypeAlias = "Callable[[list[Check], Path, set[str]], Source]"


def order(task: str) -> tuple[int, ...]:
    """1.2 comes before 1.10."""
    return tuple(map(int, task.split(".")))


def result(check: Check, outcome: Outcome, waits_for: str = "") -> CheckResult:
    """The result of a check that did not run."""
    return CheckResult(
        id=check.id, task=check.task, label=check.label, points=check.points, outcome=outcome, testimony=check.testimony,
        waits_for=waits_for,
    )  # fmt: skip


def resolved(checks: Sequence[Check]) -> dict[str, tuple[str, ...]]:
    """Check -> the ids it needs; a task is needed through its first check.

    Raises:
        ValueError: a need is no check and no task of these.
    """
    first: dict[str, str] = {}
    for check in checks:
        first.setdefault(check.task, check.id)
    ids = {check.id for check in checks}
    for check in checks:
        for need in check.needs:
            if need not in ids and need not in first:
                raise ValueError(f"{check.id} needs {need}, which does not exist")
    return {check.id: tuple(need if need in ids else first[need] for need in check.needs) for check in checks}


def of_tasks(checks: Sequence[Check], tasks: Sequence[str]) -> set[str]:
    """The ids of all checks of these tasks, and of what they need, and what that needs."""
    return closure(resolved(checks), [check.id for check in checks if check.task in tasks])


def closure(needs: Mapping[str, Sequence[str]], ids: Iterable[str]) -> set[str]:
    """These checks, with what they need, and what that needs."""
    wanted: set[str] = set()
    queue = list(ids)
    while queue:
        id_ = queue.pop()
        if id_ not in wanted:
            wanted.add(id_)
            queue += needs[id_]
    return wanted


class Source(Protocol):
    """Where a worker's next check comes from, and where its results go."""

    def claim(self) -> str | None:
        """The id of the next check, None at the end."""

    def done(self, found: CheckResult) -> None:
        """Take a result."""


class Schedule:
    """The checks of a run and what came of each. Any number of threads may claim."""

    def __init__(
        self, checks: Sequence[Check], untouched: set[str], heard: Callable[[CheckResult], None] = lambda _result: None,
        deadline: float = RUN_DEADLINE, known: Iterable[CheckResult] = (),
    ) -> None:  # fmt: skip
        """Nothing has run yet.

        Args:
            checks: those of the run.
            untouched: the tasks not begun.
            heard: called with every result.
            deadline: in seconds from now.
            known: what checks say that need not run again; as with all others, once what they need has passed.
        """
        self.needs = resolved(checks)
        self.checks = {check.id: check for check in checks}
        early = closure(self.needs, [check.id for check in checks if check.waits])
        self.waiting = {check.id: check for check in sorted(checks, key=lambda check: check.id not in early)}
        self.untouched = untouched
        self.heard = heard
        self.known = {found.id: found for found in known}
        self.end = time.monotonic() + deadline
        self.results: dict[str, CheckResult] = {}
        self.changed = threading.Condition()

    def claim(self) -> str | None:
        """The next check to run; None when every check has its result. Waits while others still run what is needed."""
        with self.changed:
            while (before := len(self.results)) < len(self.checks):
                if (id_ := self._ready()) is not None:
                    return id_
                if time.monotonic() > self.end:
                    for check in self.waiting.values():
                        self._keep(result(check, Outcome.TIMEOUT))
                    self.waiting.clear()
                    if time.monotonic() > self.end + LAST_RESULTS:
                        break
                if len(self.results) == before:
                    self.changed.wait(1)
            self.changed.notify_all()
            return None

    def _ready(self) -> str | None:
        """Take the first check whose needs have passed; on the way, say which are blocked."""
        if time.monotonic() > self.end:
            return None
        for id_, check in list(self.waiting.items()):
            needed = [self.results.get(need) for need in self.needs[id_]]
            missing = next((each for each in needed if each and each.outcome is not Outcome.PASSED), None)
            if missing:
                del self.waiting[id_]
                self._keep(self._blocked(check, missing))
            elif all(needed):
                del self.waiting[id_]
                if id_ not in self.known:
                    return id_
                self._keep(self.known[id_])
        return None

    def _blocked(self, check: Check, missing: CheckResult) -> CheckResult:
        """A check that waits: of a task that is not begun, or for another one."""
        task = missing.waits_for or missing.task
        if check.task in self.untouched or (task == check.task and missing.outcome is Outcome.TODO):
            return result(check, Outcome.TODO)
        return result(check, Outcome.BLOCKED, task)

    def _keep(self, found: CheckResult) -> None:
        """Keep a result; an error is not forgotten."""
        if found.id not in self.results or found.outcome is Outcome.ERROR:
            self.results[found.id] = found
            self.heard(found)
            self.changed.notify_all()

    def done(self, found: CheckResult) -> None:
        """A check that was claimed has ended."""
        with self.changed:
            self._keep(found)

    def give_back(self, checks: Iterable[Check]) -> None:
        """Checks that were claimed by somebody who is gone: those without a result wait again."""
        with self.changed:
            self.waiting |= {check.id: check for check in checks if check.id not in self.results}
            self.changed.notify_all()
