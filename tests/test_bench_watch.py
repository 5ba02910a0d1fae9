"""How long a save takes is measured in the watcher's own loop."""

import os

import pytest

from grader import course
from grader.course import Chapter
from grader.proofs import bench_watch
from grader.proofs.bench_watch import Delay
from grader.report import CheckResult, Outcome, Report


class Grading:
    """Answers each request at once: quickly, then whole."""

    def __init__(self, chapter):
        self.chapter = chapter
        self.reader, self.writer = os.pipe()
        self.kinds = []

    def ask(self, tasks):
        self.kinds = ["quick", "report"] if tasks else ["report"]
        os.write(self.writer, b"..")

    def hear(self):
        os.read(self.reader, 1)
        checks = (CheckResult(id="1.1/a", task="1.1", label="l", points=1, outcome=Outcome.PASSED),)
        report = Report(chapter="01", title="t", source="s", folder="f", level="p", tasks=(), checks=checks)
        return [{self.kinds.pop(0): report}] if self.kinds else []

    def fileno(self):
        return self.reader

    def end(self):
        os.close(self.reader)
        os.close(self.writer)


def test_each_task_and_the_chapter_are_timed(monkeypatch):
    monkeypatch.setattr(bench_watch, "Warm", Grading)
    monkeypatch.setattr(Chapter, "tasks", {"1.1": "one", "1.2": "two"})
    found = bench_watch.delays(course.chapter("01"), 1)
    assert [delay.tasks for delay in found] == [("1.1",), ("1.2",), ()]
    assert all(0 < delay.task <= delay.verdict < 30 for delay in found)


def test_a_verdict_that_never_comes_is_an_error(monkeypatch):
    monkeypatch.setattr(bench_watch, "PATIENCE", 0.1)
    monkeypatch.setattr(bench_watch, "Warm", Grading)
    monkeypatch.setattr(Grading, "ask", lambda *_: None)
    with pytest.raises(TimeoutError, match=r"no verdict about 1\.1"):
        bench_watch.delays(course.chapter("01"), 1)


def test_the_rows_say_which_bars_hold():
    rows = bench_watch.figures([Delay(("1.1",), 0.2, 0.4), Delay(("1.2",), 0.9, 1.2), Delay((), 4.0, 4.0)])
    assert [(figure, good) for _, figure, _, good in rows] == [
        ("0.55 s", True), ("0.90 s", False), ("0.80 s", True), ("4.00 s", False),
    ]  # fmt: skip
