"""How long a student waits: from a save to the verdict, in the watcher's own loop, on a copy of the reference."""

import select
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.course import Chapter
from grader.day.warm import Warm
from grader.day.watch import TICK
from grader.day.watch_keys import Watch

PATIENCE = 120  # seconds for one verdict
TASK, WHOLE = 0.7, 1.5  # seconds to hold


@dataclass(frozen=True)
class Delay:
    """Medians, in seconds."""

    tasks: tuple[str, ...]  # which were graded; none for the whole chapter
    task: float  # to the task's own verdict
    verdict: float  # to that with all it needs


def copy(chapter: Chapter, root: Path) -> Chapter:
    """A course of this chapter alone, in which the student's version is the reference."""
    found = Chapter(chapter.slug, root)
    shutil.copytree(chapter.solution, found.solution)
    shutil.copytree(chapter.solution / "app", found.starter / "app")
    return found


def once(watch: Watch, *, saved: bool) -> tuple[float, float]:
    """Save (or check all), and wait in the watcher's loop: seconds to the task's own verdict, and to the whole one."""
    began = time.monotonic()
    quick = 0.0
    if saved:
        file = watch.chapter.starter / "app" / "main.py"
        file.write_text(file.read_text("utf-8") + "\n", "utf-8")
    else:
        watch.check(whole=True)
    while time.monotonic() < began + PATIENCE:
        ready, _, _ = select.select([watch.grading], [], [], TICK)
        over = bool(ready) and watch.hear()
        if over or (not quick and watch.seen.running.startswith("checking what")):
            quick = quick or time.monotonic() - began
        if over:
            return quick, time.monotonic() - began
        watch.tick()
    raise TimeoutError(f"no verdict about {watch.seen.task} within {PATIENCE} seconds")


def delays(chapter: Chapter, rounds: int) -> list[Delay]:
    """What each task takes, and last the whole chapter.

    Args:
        chapter: which.
        rounds: how often each is measured; one time before is not counted.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="wb-") as name:
        grading = Warm(copy(chapter, Path(name)))
        try:
            for task in chapter.tasks:
                watch = Watch(grading.chapter, task, grading, lambda _words: None)
                once(watch, saved=True)
                pairs = [once(watch, saved=True) for _ in range(rounds)]
                found.append(Delay((task,), *(statistics.median(times) for times in zip(*pairs, strict=True))))
            whole = once(watch, saved=False)[1]
            found.append(Delay((), whole, whole))
        finally:
            grading.end()
    return found


def figures(found: Sequence[Delay]) -> list[tuple[str, str, str, bool]]:
    """The rows for the table: what, how long, the bar, whether it holds."""
    own = sorted(delay.task for delay in found if delay.tasks)
    needs = statistics.median(delay.verdict for delay in found if delay.tasks)
    middle, whole = statistics.median(own), found[-1].verdict
    return [
        ("watch: save to the task's own verdict, median", f"{middle:.2f} s", f"under {TASK:g} s", middle < TASK),
        ("watch: the same, the slowest task", f"{own[-1]:.2f} s", f"under {TASK:g} s", own[-1] < TASK),
        ("watch: save to the verdict with its needs", f"{needs:.2f} s", f"under {WHOLE:g} s", needs < WHOLE),
        ("watch: the whole chapter", f"{whole:.2f} s", f"under {WHOLE:g} s", whole < WHOLE),
    ]
