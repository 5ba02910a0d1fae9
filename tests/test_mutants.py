"""The fate of mutants is found with as little grading as it takes, and told with both rates."""

import subprocess

import pytest
from typer.testing import CliRunner

from grader import course
from grader.commands import app
from grader.proofs import bank, mutants, mutation
from grader.proofs.mutants import Fate, State
from grader.proofs.mutation import Mutant
from grader.report import CheckResult, Finding, Outcome, Report, TaskInfo


def report(**outcomes):
    """report(own="failed", other="passed"): checks 1.1/a and 1.2/a."""
    checks = tuple(
        CheckResult(id=f"{task}/a", task=task, label="l", points=5, outcome=Outcome(outcomes.get(name, "passed")),
                    finding=Finding(did="d", expected="e", got="g") if outcomes.get(name) == "failed" else None)
        for name, task in (("own", "1.1"), ("other", "1.2"))
    )  # fmt: skip
    tasks = (TaskInfo(id="1.1", title="t"), TaskInfo(id="1.2", title="u"))
    return Report(
        chapter="01", title="t", source="submission", folder="f", level="practice", tasks=tasks, checks=checks
    )


def mutant(id_="m.f: drop statement x()"):
    return Mutant(id_, "1.1", "app/m.py", 3, "y = 1\n")


@pytest.fixture
def chapter(made_up, tmp_path, monkeypatch):
    chapter = made_up({"m.py": "x = 1\n"})
    monkeypatch.setattr(bank, "GRADER", tmp_path)
    return chapter


@pytest.fixture
def reports(monkeypatch):
    """A function that says what each grading gives; the tasks each was asked for."""
    asked = []

    def answers(*found):
        given = iter(found)

        def graded(_chapter, folder, tasks, *, fresh):
            assert (folder / "app" / "m.py").read_text() == "y = 1\n"
            asked.append(tasks)
            answer = next(given)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(mutants, "graded", graded)
        return asked

    return answers


@pytest.mark.parametrize(
    ("found", "state", "by", "home"),
    [
        ([report(own="failed")], "killed", "1.1/a", True),
        ([report(own="todo")], "killed", "1.1/a", True),
        ([report(other="failed")], "killed", "1.2/a", False),
        ([report(), report(other="failed")], "killed", "1.2/a", False),
        ([report(), report()], "survived", "", False),
        ([report(own="error")], "not graded", "", False),
        ([RuntimeError("no report")], "not graded", "", False),
        ([subprocess.TimeoutExpired("x", 1)], "not graded", "", False),
    ],
)
def test_the_whole_suite_runs_only_for_what_its_own_task_does_not_notice(chapter, reports, found, state, by, home):
    asked = reports(*found)
    fate = mutants.fate(chapter, mutant(), {})
    assert (fate.state, fate.by, fate.at_home) == (state, by, home)
    assert asked == [("1.1",), ()][: len(found)]
    assert bool(fate.complaint) is (state != "killed")


def test_what_is_listed_as_equivalent_must_survive(chapter, reports):
    known = {mutant().id: "because"}
    reports(report(), report(), report(own="failed"))
    assert mutants.fate(chapter, mutant(), known).state is State.EQUIVALENT
    assert "listed as equivalent, and 1.1/a notices it" in mutants.fate(chapter, mutant(), known).complaint


def test_the_list_of_equivalents_names_mutants_and_reasons(chapter, tmp_path):
    assert mutants.equivalents(chapter) == {}
    (tmp_path / "equivalent").mkdir()
    (tmp_path / "equivalent" / "01_made_up.toml").write_text(
        '[[mutant]]\nid = "gone"\nreason = "r"\n[[mutant]]\nid = "m.f: drop statement x()"\nreason = " "\n'
    )
    gone, unreasoned = mutants.strangers(chapter, [mutant()])
    assert gone.endswith("and is no mutant")
    assert unreasoned.endswith("without a reason")


def fates(killed=0, home=0, survived=0, equivalent=0):
    return [
        *(Fate(mutant(), State.KILLED, "1.1/a", number < home) for number in range(killed)),
        *(Fate(mutant(), State.SURVIVED) for _ in range(survived)),
        *(Fate(mutant(), State.EQUIVALENT) for _ in range(equivalent)),
    ]


@pytest.mark.parametrize(
    ("found", "bars"),
    [
        (fates(97, 90, 3), []),
        (fates(96, 90, 4), ["fewer than 97% are killed"]),
        (fates(95, 90, 0, 5), []),
        (fates(94, 90, 0, 6), ["more than 5% are equivalent"]),
        (fates(100, 89), ["fewer than 90% are shown first in their own task"]),
        ([], []),
    ],
)
def test_the_bars_are_those_of_the_course(found, bars):
    assert mutants.summary(found)[1] == bars


def test_both_rates_are_shown():
    figures = "\n".join(mutants.summary(fates(90, 81, 5, 5))[0])
    assert "100 mutants: 90 killed, 5 survived, 5 equivalent, 0 not graded" in figures
    assert "killed of all: 90.0%; of those that are not equivalent: 94.7%" in figures
    assert "equivalent: 5.0%; killed first in their own task: 90.0%" in figures


def test_a_fate_is_a_line():
    assert mutants.told(Fate(mutant(), State.KILLED, "1.1/a", at_home=True)).endswith("x() by 1.1/a")
    assert mutants.told(Fate(mutant(), State.KILLED, "1.2/a")).endswith("by 1.2/a, of another task than 1.1")
    assert mutants.told(Fate(mutant(), State.SURVIVED, complaint="why")).endswith("\n      why")


def test_the_command_grades_what_was_asked_for(chapter, monkeypatch):
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    monkeypatch.setattr(mutation, "mutants", lambda _chapter: [mutant("a"), mutant("b")])
    monkeypatch.setattr(
        mutants, "fate", lambda *_, **__: Fate(mutant(), State.SURVIVED, complaint="no check notices it")
    )
    part = CliRunner().invoke(app, ["mutants", "01", "--only", "b"])
    assert (part.exit_code, "1 mutant: 0 killed, 1 survived" in part.output, "BAD" in part.output) == (1, True, False)
    whole = CliRunner().invoke(app, ["mutants", "01"])
    assert (whole.exit_code, "BAD fewer than 97% are killed" in whole.output) == (1, True)


@pytest.mark.parametrize("each", course.chapters(), ids=lambda chapter: chapter.slug)
def test_what_the_course_lists_as_equivalent_is_a_mutant_with_a_reason(each):
    everything = mutation.mutants(each)
    assert mutants.strangers(each, everything) == []
    assert len(mutants.equivalents(each)) <= mutants.MOST_EQUIVALENT * len(everything)
