"""A quick share of the fuzzer: every target holds, and each finds the bug that is planted in it."""

import pytest
from typer.testing import CliRunner

from grader.commands import app
from grader.course import UsageError
from grader.fuzz.run import TARGETS, fuzz, fuzz_all

each_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@each_target
def test_it_holds(target):
    done = fuzz(target, 20, 7)
    assert done.found == ""
    assert done.cases == 20
    assert str(done).endswith("holds")


@each_target
def test_a_planted_bug_is_found(target):
    done = fuzz(target, 1000, 1, plant=True)
    assert done.found != ""
    assert done.cases < 1000


def test_the_same_seed_makes_the_same_cases():
    (target,) = (each for each in TARGETS if each.name == "zip")
    assert fuzz(target, 1000, 1, plant=True).cases == fuzz(target, 1000, 1, plant=True).cases


def test_targets_are_told_one_by_one_and_a_bug_is_a_failure():
    said = []
    assert fuzz_all(["annotations", "answers"], 5, 1, said.append)
    assert [line.split()[0] for line in said] == ["answers", "annotations", "10"]
    assert not fuzz_all(["tar"], 1, 1, said.append, plant=True)  # one case is too few


def test_the_command_gives_its_status_and_knows_its_targets():
    done = CliRunner().invoke(app, ["fuzz", "annotations", "--cases", "5", "--seed", "1"])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "5 cases, seed 1")
    planted = CliRunner().invoke(app, ["fuzz", "annotations", "--plant", "--seed", "1"])
    assert (planted.exit_code, "a line break is not escaped" in planted.output) == (0, True)
    wrong = CliRunner().invoke(app, ["fuzz", "nothing"])
    assert isinstance(wrong.exception, UsageError)
