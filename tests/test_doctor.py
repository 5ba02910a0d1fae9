"""The set-up is looked at, and what is wrong is said with its mend; nothing is changed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.board import Look
from grader.commands import app
from grader.course import ROOT
from grader.day import doctor
from grader.day.doctor import Finding

GOLDEN = Path(__file__).parent / "golden" / "doctor.txt"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "chapters").mkdir()
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_every_look_says_something_here():
    found = {finding.name: finding for finding in doctor.examine(ROOT)}
    assert len(found) == len(doctor.LOOKS)
    assert all(finding.words for finding in found.values())
    for name in ("Python", "libraries", "SQLite", "writing", "clock", "sockets"):
        assert found[name].good, found[name]


def test_the_command_fails_when_something_is_wrong(monkeypatch):
    for good in (True, False):
        monkeypatch.setattr(
            doctor, "LOOKS", (lambda _root, good=good: Finding("git", "words", "" if good else "do this"),)
        )
        result = CliRunner().invoke(app, ["doctor"])
        assert (result.exit_code, "mend it: do this" in result.output) == (int(not good), not good)


def test_libraries_that_differ_are_named(root):
    lock = root / "requirements.lock"
    lock.write_text(lock.read_text() + "pytest==1.0\nnot-there-at-all==1.0\nother==1.0 ; sys_platform == 'win32'\n")
    found = doctor.packages(root)
    assert not found.good
    assert found.words.startswith("pytest==1.0 is ")
    assert "not-there-at-all==1.0 is missing" in found.words
    assert "other" not in found.words


def test_a_folder_that_cannot_be_written_is_named(root, monkeypatch):
    shutil.rmtree(root / "chapters")
    assert not doctor.writing(root).good
    assert "chapters: No such file" in doctor.writing(root).words
    monkeypatch.setattr(tempfile, "tempdir", f"{root}/{'x' * 100}")
    assert not doctor.sockets(root).good


@pytest.mark.parametrize(
    ("look", "target", "value"),
    [
        ("disk", (doctor, "ROOM"), 1 << 62),
        ("python", (doctor, "OLDEST_PYTHON"), (99, 0)),
        ("sqlite", (doctor, "OLDEST_SQLITE"), (99, 0)),
        ("clock", (doctor, "DRIFT"), -1.0),
    ],
)
def test_what_is_not_enough_is_not_good(root, monkeypatch, look, target, value):
    assert getattr(doctor, look)(root).good
    monkeypatch.setattr(*target, value)
    assert not getattr(doctor, look)(root).good


def test_an_origin_that_is_the_courses_own_is_told(root):
    assert doctor.origin(root).words.startswith("there is no origin")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "remote", "add", "origin", "git@example.org:a/Course.git"], check=True)
    assert doctor.origin(root).good
    text = (root / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(text + '\n[project.urls]\nRepository = "https://example.org/a/course"\n')
    found = doctor.origin(root)
    assert not found.good
    assert "git remote rename origin course" in found.mend


def test_what_confines_is_named_where_the_kernel_says_so(root, monkeypatch):
    files = {"/proc/sys/user/max_user_namespaces": "100", "/sys/kernel/security/lsm": "capability,landlock"}
    monkeypatch.setattr(doctor, "read", lambda path: files.get(path, ""))
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/bwrap")
    assert doctor.sandbox(root).words == "bubblewrap, user namespaces, Landlock"
    files.clear()
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert doctor.sandbox(root).words.startswith("none here")


def test_a_look_that_fails_is_a_finding(root):
    (root / "requirements.lock").unlink()
    assert "could not be looked at" in {found.name: found.words for found in doctor.examine(root)}["packages"]
    assert doctor.read("/nowhere/at/all") == ""


def test_the_page_reads_as_it_was_accepted():
    findings = [
        Finding("Python", "3.11.7, /home/mira/course/.nox/workbook/bin/python"),
        Finding("libraries", "pytest==9.2 is 8.0", doctor.AGAIN),
        Finding("git", "origin is the course's own repository: answers do not belong there", "rename it"),
    ]
    text = doctor.render(findings, Look(80)) + "\n" + doctor.render(findings, Look(50, unicode=False))
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")
