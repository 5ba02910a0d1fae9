"""Verdicts are compared check by check; busy processes die with whoever asked for them."""

import os

import pytest

from grader.box import kernel
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

        def grade(_chapter, _folder):
            said = left.pop(0)
            if isinstance(said, Report):
                return said
            raise said

        monkeypatch.setattr(flakes, "_grade", grade)

    return gives


def run(what=("solution",), runs=2, **options):
    said = []
    same = flakes.flakes(chapter("01"), runs, what, busy=options.pop("busy", False), say=said.append)
    return same, said


def test_equal_verdicts_are_no_difference(graded):
    graded(report(a="passed", b="failed"), report(a="passed", b="failed"))
    same, said = run()
    assert same
    assert said[-1].startswith("2 runs, 2 gradings, 0 differences; median 0.0 s, slowest")


def test_a_difference_is_told_at_once_with_what_explains_it(graded):
    graded(report(a="passed"), report(a="timeout"), report(a="passed"))
    same, said = run(runs=3)
    assert not same
    assert said[1] == "run 2, solution: 1.1/a: first passed, now timeout (expected 200; got 500 oops)"
    assert said[2].startswith("run 2 of 3: 1 differences so far")
    assert said[-1].startswith("3 runs, 3 gradings, 1 differences")


def test_a_check_that_is_missing_and_a_grader_without_a_report_are_differences(graded):
    graded(report(a="passed", b="passed"), report(a="passed"), UsageError("No report."))
    same, said = run(runs=3)
    assert not same
    assert "run 2, solution: 1.1/b: first passed, now not there" in said
    assert "run 3, solution: No report." in said


def test_ctrl_c_leaves_the_figures_and_no_busy_process(graded):
    graded(report(a="passed"), KeyboardInterrupt())
    before = set(kernel.descendants(os.getpid()))
    said = []
    with pytest.raises(KeyboardInterrupt):
        flakes.flakes(chapter("01"), 9, ["solution"], busy=True, say=said.append)
    assert said[-1].startswith("1 runs, 1 gradings, 0 differences")
    assert set(kernel.descendants(os.getpid())) == before


def test_every_core_is_kept_busy(graded, monkeypatch):
    before, seen = set(kernel.descendants(os.getpid())), []

    def grade(_chapter, _folder):
        seen.append(len(set(kernel.descendants(os.getpid())) - before))
        return report(a="passed")

    monkeypatch.setattr(flakes, "_grade", grade)
    run(runs=1, busy=True)
    assert seen == [os.cpu_count()]


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


def test_a_grader_that_gives_no_report_says_why(tmp_path):
    with pytest.raises(UsageError, match=r"(?s)No report on .*, exit status 2: .*holds neither app/ nor"):
        flakes._grade(chapter("01"), tmp_path)


def test_outcomes_are_shown_as_words():
    assert flakes._told(report(a=Outcome.FAILED).checks[0]) == "failed (expected 200; got 500 oops)"
