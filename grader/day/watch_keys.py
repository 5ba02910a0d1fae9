"""What the watcher knows, and what each key and each save does with it."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from grader import board
from grader.board import Look
from grader.course import Chapter, UsageError, shown
from grader.day import compare, editor, hints, own, progress, progress_page, reset
from grader.day.changes import Changes
from grader.day.watch_list import CHOOSE, PENDING, STEPS, pick
from grader.day.watch_screen import KEYS, Seen, after
from grader.report import Outcome

PAGES = {" ": 10, "b": -10}  # lines on, lines back
QUIT, ENTER = "q", "\n"


class Grading(Protocol):
    """What grades; see grader/day/warm.py."""

    def ask(self, tasks: tuple[str, ...]) -> None:
        """Grade these."""

    def hear(self) -> list[dict[str, Any]]:
        """What came of it."""

    def fileno(self) -> int:
        """For select."""


class Watch:
    """What the watcher knows, and what each key does with it."""

    def __init__(self, chapter: Chapter, task: str, grading: Grading, open_file: Callable[[list[str]], None]) -> None:
        """Watch a chapter from a task on; `open_file` runs an editor."""
        self.chapter = chapter
        self.grading = grading
        self.open_file = open_file
        self.look = Look()
        self.seen = Seen(chapter, task, progress.states(chapter))
        self.changes = Changes(chapter.starter / "app")
        self.sure = ""  # the key that is to be pressed again
        self.picked = ""  # the task that is marked in the list
        self.pending = False  # whether the list shows only what is left
        self.whole = False  # whether all is being checked
        self.heard = 0
        self.actions: dict[str, Callable[[], None]] = {
            "n": self.next, "h": self.hint, "l": self.list, "c": partial(self.check, whole=True), "o": self.open,
            "t": self.traceback, "?": self.help, "d": self.diff, "x": self.reset,
        }  # fmt: skip
        self.check(whole=self.seen.finished)

    def check(self, *, whole: bool = False) -> None:
        """Grade the task, or all; what is being graded is stopped."""
        self.whole, self.heard = whole, 0
        self.grading.ask(() if whole else (self.seen.task,))
        self.seen.running = f"checking {f'chapter {self.chapter.number}' if whole else self.seen.task} ..."

    def tick(self) -> bool:
        """Look at the files; whether something was saved."""
        if saved := self.changes.look():
            self.turn([])
            self.check(whole=self.seen.finished)
        return saved

    def hear(self) -> bool:
        """Take what the grading says; whether there is a verdict."""
        verdict = False
        for message in self.grading.hear():
            if "heard" in message:
                self.heard += 1
                self.seen.update(message["heard"])
                self.seen.running = f"{self.seen.running.partition(' ...')[0]} ... {self.heard} checks"
                continue
            if "quick" in message:
                self.heard = 0
                self.seen.report, self.seen.running = message["quick"], f"checking what {self.seen.task} needs ..."
                continue
            verdict = True
            self.seen.running, self.seen.message = "", message.get("problem", self.seen.message)
            if report := message.get("report"):
                self.seen.take(report, progress.states(self.chapter), whole=self.whole)
                if self.whole:
                    self.turn(board.render(report, self.look).splitlines())
        return verdict

    def turn(self, page: list[str], message: str = "") -> None:
        """Show a page, or with none the verdict."""
        self.seen.page, self.seen.offset, self.seen.message = page, 0, message

    def key(self, name: str) -> bool:
        """Do what a key says; False to quit."""
        before, self.sure, picked, self.picked = self.sure, "", self.picked, ""
        if name == QUIT:
            return False
        if name in PAGES:
            self.seen.offset = max(self.seen.offset + PAGES[name], 0)
        elif picked and name in STEPS:
            self.list(picked, STEPS[name])
        elif picked and name == PENDING:
            self.pending = not self.pending
            self.list(picked)
        elif picked and name == ENTER:
            self.go(picked)
        elif name in self.actions:
            self.turn([])
            try:
                if self.confirmed(name, before):
                    self.actions[name]()
            except (UsageError, OSError) as problem:
                self.turn([], str(problem))
        else:
            self.turn([])
        return True

    def confirmed(self, name: str, before: str) -> bool:
        """Whether a key needs no second press, or has had it."""
        ask = {
            "x": f"x again puts {self.seen.task} back to how it began; what you have is kept, and undo brings it back.",
            "d": f"{self.seen.task} is not done: the difference shows the answer. d again shows it.",
        }.get(name, "")
        if not ask or before == name or (name == "d" and self.seen.outcome is Outcome.PASSED):
            return True
        self.sure, self.seen.message = name, ask
        return False

    def next(self) -> None:
        """Go on: when this one is done, or to what it waits for."""
        checks = self.seen.report.of_task(self.seen.task) if self.seen.report else ()
        waits = next((check.waits_for for check in checks if check.waits_for), "")
        done = self.seen.outcome is Outcome.PASSED
        task = after(self.seen) if done else waits if self.seen.outcome is Outcome.BLOCKED else ""
        if not task:
            end = "Every task is done or was. c checks the whole chapter."
            self.seen.message = end if done else f"{self.seen.task} is not done yet: n works when it is."
            return
        self.go(task)

    def go(self, task: str) -> None:
        """To another task."""
        self.turn([])
        self.seen.task, self.seen.report = task, None
        self.check()

    def hint(self) -> None:
        """The next step."""
        self.turn(hints.tell(self.chapter, self.seen.task).splitlines())

    def list(self, task: str = "", step: int = 0) -> None:
        """All tasks of this chapter; one is marked, to go there."""
        self.picked, hidden = pick(self.seen.states, task or self.seen.task, step, pending=self.pending)
        page = progress_page.render({self.chapter: self.seen.states}, self.look, self.picked, hidden)
        self.turn(lines := page.splitlines(), CHOOSE)
        marked = next(number for number, line in enumerate(lines) if line.startswith(progress_page.MARK))
        self.seen.offset = max(marked - PAGES[" "] // 2, 0)

    def diff(self) -> None:
        """Yours to the reference."""
        pairs = compare.task(self.chapter, self.chapter.starter, self.seen.task)
        lines = list(compare.unified(pairs, colour=self.look.colour))
        self.turn(lines or ["No difference."])

    def open(self) -> None:
        """The file, at the TODO or at the line that fails."""
        failing = board.first_failure(self.seen.report) if self.seen.report else None
        line = failing.finding.line if failing and failing.finding else None
        file, _, number = self.seen.place.partition(":")
        file, at = (file, int(number)) if file else (line.path, line.number) if line else self.begun()
        words = editor.command(self.chapter.starter / file, at, os.environ)
        if words is None:
            raise UsageError(f"{shown(self.chapter.starter / file)}:{at} - set VISUAL to your editor, and o opens it.")
        self.open_file(words)

    def begun(self) -> tuple[str, int]:
        """Where the student's own version of the task begins."""
        place = next(iter(own.places(self.chapter, self.chapter.starter, self.seen.task)), None)
        if place is None:
            raise UsageError(
                f"The files of {self.seen.task} are gone; nox -s reset -- {self.seen.task} brings them back."
            )
        return place.part.file, place.start + 1

    def reset(self) -> None:
        """Back to how it began."""
        backup, changed = reset.reset(self.chapter, self.seen.task)
        self.changes = Changes(self.chapter.starter / "app")  # so that what is said now stays to be read
        self.check()
        self.turn([], " ".join(reset.told(backup, changed, self.seen.task)))

    def traceback(self) -> None:
        """The student's own frames, or not."""
        self.seen.traceback = not self.seen.traceback

    def help(self) -> None:
        """The keys."""
        self.turn([f"  {key:<9}{what}" for key, what in KEYS.items()])
