"""The levels of confinement: a canary stays in, the reference gets all it needs, and refusals say what to do."""

import os
import shutil
import subprocess

import pytest

from grader import course, run
from grader.box import choice, confined, landlock, refuge, seccomp
from grader.box.sandbox import Practice

FIRST = course.chapter("01")
levels = pytest.mark.parametrize("name", list(confined.LEVELS))


def missing(name):
    return confined.LEVELS[name].missing()


@pytest.fixture
def level(name):
    if why := missing(name):
        assert "CI" not in os.environ or name == "landlock", why  # hosted runners may have an older kernel
        pytest.skip(why)
    level = confined.make(name)
    yield level
    refuge.remove(level.refuge)
    assert not level.refuge.lives.parent.exists()


@levels
def test_the_canary_stays_in(name, level):
    assert choice.escapes(level) == []


@levels
def test_the_reference_is_graded_in_the_box_as_outside(name, level):
    report = run.grade(FIRST, FIRST.solution, "submission", tasks=("1.2", "1.6"), level=level)
    assert (report.level, report.score, report.maximum) == (name, report.maximum, report.maximum)


def test_the_canary_gets_out_where_nothing_keeps_it():
    worked = choice.escapes(Practice())
    assert {"read the grader's files", "speak TCP", "signal the grader", "change the submission"} <= set(worked)


def test_a_level_that_is_missing_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(landlock, "version", lambda: 3)
    with pytest.raises(confined.RefusedError, match=r"apt-get install bubblewrap.*Linux 6\.12"), choice.chosen():
        pass
    with pytest.raises(confined.RefusedError, match=r"^landlock"), choice.chosen("landlock"):
        pass


def test_namespaces_that_the_machine_refuses_are_told_with_its_words(monkeypatch):
    refused = subprocess.CompletedProcess([], 1, "", "bwrap: setting up uid map: Permission denied\n")
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/bwrap")
    monkeypatch.setattr(subprocess, "run", lambda *_arguments, **_options: refused)
    assert "setting up uid map: Permission denied" in missing("namespaces")


@levels
def test_a_level_whose_canary_gets_out_is_not_used(name, monkeypatch):
    if why := missing(name):
        pytest.skip(why)
    monkeypatch.setattr(choice, "escapes", lambda _level: ["speak TCP"])
    with pytest.raises(confined.RefusedError, match=f"{name}: the canary got out"), choice.chosen(name):
        pass


def test_practice_is_used_when_it_is_asked_for():
    with choice.chosen("practice") as level:
        assert level.name == "practice"


def test_a_user_who_cannot_reach_the_interpreter_gets_a_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(refuge, "user", os.geteuid)
    monkeypatch.setattr(refuge, "reachable", lambda _path: False)
    place = refuge.make(tmp_path)
    command = [place.python, "-I", "-c", f"import sys; sys.path.append({place.packages!r}); import fastapi, ssl"]
    library = {"LD_LIBRARY_PATH": str(tmp_path / "python" / "lib")}
    assert subprocess.run(command, env=library, capture_output=True, check=False).stderr == b""
    assert (place.code / "grader" / "box" / "launcher.py").is_file()
    refuge.remove(place)
    assert not tmp_path.exists()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_whole(machine):
    code = seccomp.program(machine, 4711)
    steps = [code[place : place + 8] for place in range(0, len(code), 8)]
    for place, step in enumerate(steps):  # every jump lands inside
        if step[0] & 0x07 == 0x05:
            assert place + 1 + max(step[2], step[3]) < len(steps)
    assert steps[-1][0] == seccomp.RETURN
