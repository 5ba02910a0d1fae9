"""The hints of a chapter: three steps for each task, from its HINTS.md."""

import contextlib
import json
import re
from pathlib import Path

from grader.course import Chapter, UsageError
from grader.day import failures

STEPS = 3


def steps(chapter: Chapter, task: str) -> list[str]:
    """The steps for a task, as Markdown.

    Raises:
        UsageError: the chapter has no hints for it.
    """
    path = chapter.starter / "HINTS.md"
    text = path.read_text("utf-8") if path.is_file() else ""
    section = re.search(rf"^## {re.escape(task)}\b.*?$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise UsageError(f"There are no hints for task {task}.")
    return [step.strip() for step in re.split(r"^### Hint \d+\s*$", section[1], flags=re.MULTILINE)[1:]]


def seen_file(chapter: Chapter) -> Path:
    """Where it is kept which steps were shown; deleting it does no harm."""
    return chapter.root / ".workbook" / "hints.json"


def seen_steps(path: Path) -> dict[str, int]:
    """Task -> the last step that was shown; empty when the file is missing or broken."""
    with contextlib.suppress(OSError, ValueError):
        seen = json.loads(path.read_text("utf-8"))
        if isinstance(seen, dict):
            return {task: step for task, step in seen.items() if isinstance(step, int) and step > 0}
    return {}


def _remember(path: Path, seen: dict[str, int]) -> None:
    """A folder that cannot be written costs only the memory of it."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(seen), "utf-8")


def tell(chapter: Chapter, task: str, step: int | None = None) -> str:
    """The text of one step; without a number, the one after the last that was shown.

    What failed when the task was last graded comes first, once, where there is a hint for just that.

    Raises:
        UsageError: there is no such step.
    """
    all_steps = steps(chapter, task)
    path = seen_file(chapter)
    seen = seen_steps(path)
    known = failures.hint(chapter, task) if step is None else None
    if known and known[0].check not in seen:
        _remember(path, seen | {known[0].check: 1})
        return f"{task} {known[0].label}\n\n{known[1]}\n\nMore about the whole task: nox -s hint -- {task}"
    number = min(seen.get(task, 0) + 1, len(all_steps)) if step is None else step
    if not 1 <= number <= len(all_steps):
        raise UsageError(f"Task {task} has hints 1 to {len(all_steps)}.")
    _remember(path, seen | {task: max(number, seen.get(task, 0))})
    more = (
        f"The next step: nox -s hint -- {task}{'' if step is None else f' {number + 1}'}"
        if number < len(all_steps)
        else f"That was the last. From the first: nox -s hint -- {task} 1"
    )
    return f"{task} {chapter.tasks[task]}: hint {number} of {len(all_steps)}\n\n{all_steps[number - 1]}\n\n{more}"
