"""A probe's values come one by one; whatever else it does is a finding."""

import os
import subprocess
import sys

import pytest

from grader import probing
from grader import student as students
from grader.box.control import Launcher
from grader.box.sandbox import Practice
from grader.expect import CheckFailed, Trouble
from grader.report import Outcome
from grader.run import private
from grader.student import Student, Submission

PROBES = """
import asyncio, os, sys, time

def value(what):
    return what

async def later():
    await asyncio.sleep(0)
    return "later"

def steps():
    for number in range(3):
        yield number

def waits():
    yield "ready"
    with open("went-on", "w"):
        pass

def imports():
    import app.main

def exits(status):
    os._exit(status)

def leaves(status):
    sys.exit(status)

def sleeps():
    time.sleep(60)

def eats():
    kept = []
    while True:
        kept.append(b"x" * 10_000_000)

def forges(line):
    for descriptor in range(3, 30):
        try:
            os.write(descriptor, line.encode())
        except OSError:
            pass
    return "after"
"""


@pytest.fixture(scope="module")
def launcher():
    launcher = Launcher(Practice())
    yield launcher
    launcher.close()


@pytest.fixture
def student(launcher, tmp_path, tmp, monkeypatch):
    (tmp_path / "p.py").write_text(PROBES)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("import nothing_of_the_kind\n")
    monkeypatch.setattr(students, "PROBES", tmp_path)
    submission = Submission(tmp_path / "app", tmp, launcher)
    student = Student(submission)
    yield student
    student.close()
    submission.close()


@pytest.mark.parametrize("what", [None, 3, "text", [1, {"a": [True]}]])
def test_a_probe_gives_what_its_function_returns(student, what):
    assert student.probe("p.value", "call value()", what=what) == what


def test_a_coroutine_is_run(student):
    assert student.probe("p.later", "await later()") == "later"


def test_a_generator_waits_after_each_value(student):
    with student.probing("p.waits", "wait") as probe:
        assert probe.next() == "ready"
        went_on = student.folder.root / "cwd" / "went-on"
        assert not went_on.exists()
        probe.go_on()
        with pytest.raises(CheckFailed, match="ended on the way"):
            probe.next()
        assert went_on.exists()
    assert student.probe("p.steps", "count") == 2


def test_an_error_of_the_students_is_told(student):
    with pytest.raises(CheckFailed) as caught:
        student.probe("p.imports", "import app.main")
    assert caught.value.did == "import app.main"
    assert caught.value.got == "ModuleNotFoundError: No module named 'nothing_of_the_kind'"


def test_a_program_that_ends_early_crashed(student):
    with pytest.raises(Trouble, match="exit status 5") as caught:
        student.probe("p.exits", "call", status=5)
    assert caught.value.outcome is Outcome.CRASHED


def test_a_program_that_ends_politely_without_an_answer_has_crashed(student):
    with pytest.raises(Trouble, match="ended by itself, with exit status 0") as caught:
        student.probe("p.exits", "call", status=0)
    assert caught.value.outcome is Outcome.CRASHED


@pytest.mark.parametrize(
    ("status", "got"), [(None, "SystemExit"), (0, "SystemExit: 0"), ("no file", "SystemExit: no file")]
)
def test_a_program_that_ends_itself_should_have_gone_on(student, status, got):
    with pytest.raises(CheckFailed) as caught:
        student.probe("p.leaves", "call", status=status)
    assert (caught.value.expected, caught.value.got) == ("a program that goes on", got)


def test_a_program_that_takes_too_much_memory_says_so(student):
    with pytest.raises(Trouble) as caught:
        student.probe("p.eats", "eat")
    assert caught.value.outcome is Outcome.MEMORY


def test_a_program_that_gives_nothing_is_too_slow(student, monkeypatch):
    monkeypatch.setattr(probing, "PATIENCE", 0.5)
    with pytest.raises(Trouble, match=r"nothing within 0\.5 seconds") as caught:
        student.probe("p.sleeps", "sleep")
    assert caught.value.outcome is Outcome.TIMEOUT


def test_a_check_whose_time_is_up_ends_its_programs(student):
    with student.probing("p.sleeps", "sleep") as probe:
        student.expire()
        with pytest.raises(Trouble, match="longer than it may") as caught:
            probe.next()
    assert caught.value.outcome is Outcome.TIMEOUT


@pytest.mark.parametrize("line", ['{"nonce": "0", "value": 1}\n', "[1]\n", "no json\n"])
def test_what_is_not_marked_with_this_lifes_nonce_is_not_believed(student, line):
    with pytest.raises(CheckFailed, match="something else on our channel"):
        student.probe("p.forges", "forge", line=line)


def test_a_line_without_end_is_not_waited_for(student, monkeypatch):
    monkeypatch.setattr(probing, "LONGEST", 10_000)
    probing_it = student.probing("p.forges", "forge", line="x" * 20_000)
    with probing_it as probe, pytest.raises(CheckFailed, match="something else on our channel"):
        probe.next()


def test_a_run_leaves_no_folder(tmp, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp))
    with private() as run:
        (run / "app").mkdir()
        assert [path.name[:3] for path in tmp.iterdir()] == ["wb-"]
    assert os.listdir(tmp) == []  # noqa: PTH208 -- a list reads best when it is not empty


@pytest.mark.parametrize("module", sorted(path.stem for path in students.PROBES.glob("[0-9]*.py")))
def test_every_name_in_a_probe_is_its_own_or_one_that_its_chapter_shares(module):
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "-"]
    found = subprocess.run(command, input=students.probe_source(module), capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
