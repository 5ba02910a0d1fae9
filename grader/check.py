"""@check: what a test of a suite says about itself. There is no second metadata file.

The docstring of the test is the line on the board; the docstring of its module is the title of the task.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Check:
    """A declared check."""

    id: str  # "1.8/taken-name"
    task: str
    label: str
    points: int
    needs: tuple[str, ...]  # tasks ("1.3": its first check) or ids of checks
    testimony: bool
    lesson: str  # an anchor in the chapter's README.md, "" for the task's own section
    waits: bool = False


def check(
    task: str, *, points: int, needs: tuple[str, ...] | str = (), testimony: bool = False, lesson: str = "",
    waits: bool = False,
) -> Callable[[Test], Test]:  # fmt: skip
    """Declare a test function as a check.

    Args:
        task: the task it belongs to, "1.8". With the function's name it makes the id: test_taken_name of
            task 1.8 is "1.8/taken-name".
        points: what it is worth, an integer. All checks of a chapter are worth 100.
        needs: what must have passed before: tasks, of which the first check counts, or ids of checks.
        testimony: it is decided by what the student's own process says, because nothing outside shows it.
        lesson: the section of the lesson to point at when it fails.
        waits: it takes seconds and mostly waits, so it is begun early: others run beside it.
    """

    def declare(test: Test) -> Test:
        slug = test.__name__.removeprefix("test_").replace("_", "-")
        label = (test.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        if not label:
            raise ValueError(f"{test.__name__} needs a docstring: it is the line on the board")
        wanted = (needs,) if isinstance(needs, str) else needs
        test.__check__ = Check(f"{task}/{slug}", task, label, points, wanted, testimony, lesson, waits)  # type: ignore[attr-defined] # ours
        return test

    return declare
