"""Verdicts are compared check by check, with every core kept busy by other gradings."""

import os
import subprocess
import threading

import pytest

from grader.course import UsageError, chapter
from grader.proofs import bank, flakes
from grader.report import CheckResult, Finding, Outcome, Report

FINDING = Finding(did="GET /", expected="200", got="500 oops")


def report(**outcomes):
    checks = tuple(
        CheckResult(id=f"1.1/{name}", task="1.1", label=name, points=1, outcome=outcome, finding=finding)
        for name, outcome in outcomes.items()
        for finding in [None if outcome == "passed" else FINDING]
    )
    return Report(chapter="01", title="t", source="solution", folder="f", level="practice", tasks=(), checks=checks)


@pytest.fixture
def graded(monkeypatch):
    """Gives these reports in turn, in place of graders; what is no report is raised."""

    def gives(*reports):
        left = list(reports)

        def grade(_chapter, _folder, *, workers):
            assert workers == 2
            said = left.pop(0)
            if isinstance(said, Report):
                return said
            raise said

        monkeypatch.setattr(flakes, "grade", grade)

    return gives


def run(what=("solution",), runs=2):
    said = []
    same = flakes.flakes(chapter("01"), runs, what, busy=False, say=said.append)
    return same, said


def test_equal_verdicts_are_no_difference(graded):
    graded(report(a="passed", b="failed"), report(a="passed", b="failed"))
    same, said = run()
    assert same
    assert said[-1].startswith("in all: 2 gradings, 0 differences; median 0.0 s, slowest")


def test_a_difference_is_told_at_once_with_what_explains_it(graded):
    graded(report(a="passed"), report(a="timeout"), report(a="passed"))
    same, said = run(runs=3)
    assert not same
    assert said[1] == "run 2, solution: 1.1/a: first passed, now timeout (expected 200; got 500 oops)"
    assert said[2].startswith("run 2 of 3: 2 gradings, 1 differences")
    assert said[-1].startswith("in all: 3 gradings, 1 differences")


@pytest.mark.parametrize("problem", [RuntimeError("no report"), subprocess.TimeoutExpired("grader", 400)])
def test_a_check_that_is_missing_and_a_grader_without_a_report_are_differences(graded, problem):
    graded(report(a="passed", b="passed"), report(a="passed"), problem)
    same, said = run(runs=3)
    assert not same
    assert "run 2, solution: 1.1/b: first passed, now not there" in said
    assert f"run 3, solution: {problem}" in said
    assert said[-1].startswith("in all: 2 gradings, 2 differences")


def test_without_any_report_there_are_no_times(graded):
    graded(RuntimeError("no report"))
    assert run(runs=1)[1][-1] == "in all: 0 gradings, 1 differences"


def test_ctrl_c_leaves_the_figures(graded):
    graded(report(a="passed"), KeyboardInterrupt())
    said = []
    with pytest.raises(KeyboardInterrupt):
        flakes.flakes(chapter("01"), 9, ["solution"], busy=False, say=said.append)
    assert said[-1].startswith("in all: 1 gradings, 0 differences")


def test_every_core_has_always_another_grading_to_do(monkeypatch):
    crowd = flakes.CROWD * os.cpu_count()
    met = threading.Barrier(crowd)

    def grade(_chapter, folder, *, workers):
        met.wait(timeout=20)  # all that are wanted at one time
        assert workers == 2
        return report(a="passed" if folder.name == "starter" else "failed")

    monkeypatch.setattr(flakes, "grade", grade)
    said = []
    assert flakes.flakes(chapter("01"), crowd, ["solution", "starter"], busy=True, say=said.append)
    assert said[-1].startswith(f"in all: {2 * crowd} gradings, 0 differences")


def test_the_starter_and_ten_mistakes_chosen_evenly_are_programs_too(tmp_path, monkeypatch):
    edit = {"file": "app/crud.py", "text": ""}
    entry = {"task": "1.1", "source": "s", "why": "w", "loses": [], "says": [], "edit": [edit]}
    entries = [bank.Mistake.model_validate(entry | {"id": f"m{number}"}) for number in range(25)]
    monkeypatch.setattr(bank, "mistakes", lambda _chapter: entries)
    found = flakes._programs(chapter("01"), flakes.WHAT, tmp_path)
    chosen = [f"m{number}" for number in (0, 2, 5, 7, 10, 12, 15, 17, 20, 22)]
    assert list(found) == ["solution", "starter", *chosen]
    assert all((folder / "app" / "main.py").is_file() for folder in found.values())
    assert "raise NotImplementedError" in (found["starter"] / "app" / "crud.py").read_text("utf-8")


def test_something_else_is_refused_by_name():
    with pytest.raises(UsageError, match="There is no 'mistake' to grade; there are solution, starter, mistakes"):
        run(what=["mistake"])


def test_outcomes_are_shown_as_words():
    assert flakes._told(report(a=Outcome.FAILED).checks[0]) == "failed (expected 200; got 500 oops)"
