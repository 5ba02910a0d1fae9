"""The plugin: what takes too long in a box is tried once more, and forged data are no error of the grader."""

from types import SimpleNamespace

import pytest

from grader import plugin, verdict
from grader.check import Check
from grader.course import chapter
from grader.expect import CheckFailed
from grader.plugin import UNREADABLE, Grading
from grader.report import Outcome

CHECK = Check(id="1.1/a", task="1.1", label="l", points=4, needs=(), lesson="", testimony=False)
FIRST = chapter("01")


@pytest.fixture
def run():
    """A function that runs a check which ends in these outcomes, one a time; what was passed on, and how often it ran."""

    def go(*outcomes, refuge=None):
        grading = Grading.__new__(Grading)
        grading.submission = SimpleNamespace(refuge=refuge, never_started="late")
        passed_on, to_come = [], list(outcomes)
        grading.source = SimpleNamespace(done=lambda found: passed_on.append(found.outcome))

        def protocol(*, item, nextitem):
            assert (item, nextitem) == (here, None)
            grading.record(CHECK, to_come.pop(0), 1.0)

        hook = SimpleNamespace(pytest_runtest_protocol=protocol)
        here = SimpleNamespace(config=SimpleNamespace(hook=hook))
        grading.run(here)
        return passed_on, len(outcomes) - len(to_come), grading.submission.never_started

    return go


def test_in_a_box_a_timeout_is_tried_once_more_and_that_counts(run):
    assert run(Outcome.TIMEOUT, Outcome.PASSED, refuge="there") == ([Outcome.PASSED], 2, None)
    assert run(Outcome.TIMEOUT, Outcome.TIMEOUT, refuge="there") == ([Outcome.TIMEOUT], 2, None)
    assert run(Outcome.FAILED, Outcome.PASSED, refuge="there") == ([Outcome.FAILED], 1, "late")


def test_a_student_who_waits_is_told_at_once(run):
    assert run(Outcome.TIMEOUT, Outcome.PASSED) == ([Outcome.TIMEOUT], 1, "late")


def raised(file):
    """What adding a number to a text raises, in that file."""
    try:
        eval(compile("1 + 'one'", str(file), "eval"))
    except UNREADABLE as problem:
        return problem


def test_what_a_suite_cannot_read_is_told_from_a_fault_of_the_grader():
    grading = Grading.__new__(Grading)
    grading.chapter = FIRST
    assert grading.in_suite(raised(FIRST.suite / "test_01_engine.py"))
    assert not grading.in_suite(raised(FIRST.root / "grader" / "verdict.py"))


def test_testimony_that_nobody_can_read_costs_the_board_its_extras_and_nothing_else(monkeypatch, tmp_path, capsys):
    def judge(*_):
        raise RecursionError("forged")

    monkeypatch.setattr(verdict, "judge", judge)
    grading = Grading.__new__(Grading)
    grading.chapter, grading.submission, grading.untouched = FIRST, SimpleNamespace(root=tmp_path), set()
    grading.found = []
    item = SimpleNamespace(stash={plugin.CHECK: CHECK})
    problem = CheckFailed("POST /register", "201", "200 {}", why="created is 201")
    call = SimpleNamespace(excinfo=SimpleNamespace(value=problem), duration=1.0, when="call")
    next(grading.pytest_runtest_makereport(item, call))
    (found,) = grading.found
    assert found.outcome is Outcome.FAILED
    assert (found.finding.did, found.finding.got, found.finding.why) == ("POST /register", "200 {}", "created is 201")
    assert "RecursionError: forged" in capsys.readouterr().err
