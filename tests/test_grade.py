"""`grade`: what is handed in is graded confined or not at all, there is a report whatever happens, and its status says what."""

import errno
import json
import os
import shutil
import subprocess
import sys
import zipfile
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from grader import course
from grader.box.confined import RefusedError
from grader.box.sandbox import Practice
from grader.commands import app
from grader.course import ROOT, UsageError
from grader.exports import FORMATS, folder
from grader.gradescope import bundle
from grader.report import CheckResult, Outcome, Report, TaskInfo
from grader.submissions import grading

SOLUTION = ROOT / "solutions" / "01_orm_setup"
CHECK = CheckResult(id="1.1/a", task="1.1", label="l", points=4, outcome=Outcome.PASSED)


def graded(outcome=Outcome.PASSED):
    checks = (CHECK.model_copy(update={"outcome": outcome}),)
    task = TaskInfo(id="1.1", title="t")
    return Report(
        chapter="01", title="t", source="submission", folder="f", level="practice", tasks=(task,), checks=checks
    )


@pytest.fixture
def run(monkeypatch, tmp_path):
    """A function that runs `grade 01 ...` with a grading that gives this report, or raises this."""

    def run(comes, *arguments, submission=SOLUTION):
        def grade(*_arguments, **_options):
            if isinstance(comes, BaseException):
                raise comes
            return comes

        monkeypatch.setattr("grader.run.grade", grade)
        monkeypatch.setattr(grading, "chosen", lambda _require: nullcontext(Practice()))
        monkeypatch.setattr(course, "ROOT", ROOT)
        out = tmp_path / "out"
        result = CliRunner().invoke(
            app, ["grade", "01", "--submission", str(submission), "--out", str(out), *arguments]
        )
        report = Report.from_json((out / "report.json").read_text("utf-8")) if (out / "report.json").exists() else None
        return result, report

    return run


@pytest.mark.parametrize(
    ("comes", "status", "score"),
    [(graded(), 0, 4), (graded(Outcome.FAILED), 1, 0), (graded(Outcome.ERROR), 3, None),
     (OSError(errno.ENOSPC, "No space left on device"), 3, None), (ZeroDivisionError(), 3, None)],
)  # fmt: skip
def test_the_status_says_what_became_of_it_and_there_is_a_report_whatever_happens(run, comes, status, score):
    result, report = run(comes)
    assert (result.exit_code, report.score) == (status, score), result.output
    assert report.gradable is (status != 3)
    assert report.folder == "."


def test_a_level_that_is_refused_gives_no_score_and_says_why(run, monkeypatch, tmp_path):
    def chosen(_require):
        raise RefusedError("bubblewrap is missing: apt-get install bubblewrap")

    monkeypatch.setattr(grading, "chosen", chosen)
    report = grading.grade(course.chapter("01"), SOLUTION)
    assert (report.score, report.level, report.exit_status) == (None, "none", 3)
    assert report.notes == ("bubblewrap is missing: apt-get install bubblewrap",)


def test_what_was_left_out_comes_before_what_the_run_says(run, tmp_path):
    shutil.copytree(SOLUTION / "app", tmp_path / "work" / "chapters" / "01_orm_setup" / "app")
    (tmp_path / "work" / "chapters" / "01_orm_setup" / "app" / "link.py").symlink_to("/etc/hostname")
    result, report = run(graded().model_copy(update={"notes": ("later",)}), submission=tmp_path / "work")
    assert report.notes == ("app/link.py is a link and was left out", "later")
    assert report.folder == "chapters/01_orm_setup"
    assert "note: app/link.py is a link" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [("--require bubbles", "There is no level bubbles; there are namespaces, landlock, practice."),
     ("--formats json,yaml", "There is no format 'yaml'; there are json, junit,"),
     ("--task 1.99", "There is no task 1.99"), ("--rev nothing", "is not a git repository of its own"),
     ("--out /dev/null", "/dev/null is not a folder.")],
)  # fmt: skip
def test_a_command_that_makes_no_sense_is_told_before_anything_is_graded(run, arguments, said):
    result, report = run(AssertionError("nothing is graded"), *arguments.split())
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)
    assert report is None


def test_only_the_formats_that_are_asked_for_are_written(run, tmp_path):
    run(graded(), "--formats", "json, junit")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["junit.xml", "report.json"]
    run(graded())
    assert {path.name for path in (tmp_path / "out").iterdir()} == {each.file for each in FORMATS.values()}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_format_that_cannot_say_it_writes_no_file(run, tmp_path):
    run(graded(Outcome.ERROR))
    assert not (tmp_path / "out" / FORMATS["classroom50"].file).exists()


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    (tmp_path / "work.txt").touch()
    with pytest.raises(UsageError, match="holds other files than reports"):
        folder.check(tmp_path)


def test_reports_come_whole_or_not_at_all(tmp_path, monkeypatch):
    folder.write(graded(), tmp_path / "out", ["json"])

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match="No space"):
        folder.write(graded(Outcome.FAILED), tmp_path / "out", ["json", "junit"])
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert Report.from_json((tmp_path / "out" / "report.json").read_text("utf-8")).score == 4


def test_github_takes_nothing_that_is_quoted_for_a_command(run, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result, _ = run(graded())
    first, *_, last = result.output.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert last == f"::{token}::"


def test_a_submission_is_graded_from_an_archive_and_nothing_is_left(grader, tmp, nothing_left):
    with zipfile.ZipFile(tmp / "work.zip", "w") as archive:
        for path in sorted((SOLUTION / "app").rglob("*.py")):
            archive.write(path, f"work/app/{path.relative_to(SOLUTION / 'app')}")
    ran = grader(
        "grade", "01", "--submission", tmp / "work.zip", "--require", "practice", "--task", "1.1", "--out", tmp / "o"
    )
    assert ran.status == 0, ran.err
    report = Report.from_json((tmp / "o" / "report.json").read_text("utf-8"))
    assert (report.complete, report.level, report.folder) == (True, "practice", "work")
    assert report.notes == ("app/static/client.html was missing; the one of the starter was used",)


def test_an_unusable_archive_is_graded_as_such(grader, tmp, nothing_left):
    (tmp / "work.zip").write_bytes(b"PK\x03\x04 and no more")
    ran = grader(
        "grade", "01", "--submission", tmp / "work.zip", "--require", "practice", "--task", "1.1", "--out", tmp / "o"
    )
    report = Report.from_json((tmp / "o" / "report.json").read_text("utf-8"))
    assert (ran.status, report.score, report.gradable) == (1, 0, True), ran.err
    assert report.notes == ("nothing could be graded: the archive is damaged, or cut short",)


def test_what_is_not_there_gets_a_sentence(grader):
    ran = grader("grade", "01", "--submission", "nowhere", "--require", "practice")
    assert ran == (2, "", "There is nothing at nowhere.\n")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The autograder.zip of chapter 01, unpacked as Gradescope does, with a Python where its setup puts one."""
    root = tmp_path_factory.mktemp("autograder")
    bundle.write(course.chapter("01"), root / "autograder.zip")
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        for info in archive.infolist():
            path = root / "source" / info.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(info))
            path.chmod(info.external_attr >> 16 & 0o777)
    python = root / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return root


def autograde(root, *arguments):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    script = root / "source" / "run_autograder"
    done = subprocess.run(
        [script, *arguments], env=environment | {"AUTOGRADER_ROOT": str(root)}, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads((root / "results" / "results.json").read_text("utf-8"))


def test_gradescope_grades_what_was_uploaded(unpacked):
    shutil.copytree(SOLUTION / "app", unpacked / "submission" / "app", dirs_exist_ok=True)
    document = autograde(unpacked, "--require", "practice", "--task", "1.1")
    assert document["score"] == 4
    assert {test["status"] for test in document["tests"]} == {"passed"}


def test_gradescope_gets_a_sentence_and_no_score_when_nothing_can_be_graded(unpacked, monkeypatch):
    script = unpacked / "source" / "course" / "grader" / "submissions" / "grading.py"
    whole = script.read_text("utf-8")
    script.write_text(whole + '\n\ndef chosen(require):\n    raise RefusedError("nothing works here")\n')
    (unpacked / "submission").mkdir(exist_ok=True)
    try:
        document = autograde(unpacked)
    finally:
        script.write_text(whole)
    assert "score" not in document
    assert "nothing works here" in document["output"]


def test_the_bundle_is_the_same_each_time_and_holds_only_what_it_needs():
    chapter = course.chapter("01")
    assert bundle.made(chapter) == bundle.made(chapter)
    names = set(bundle.files(chapter))
    assert {"setup.sh", "run_autograder", "course/grader/run.py", "course/requirements.lock"} <= names
    assert not any("__pycache__" in name or name.startswith(("course/tests", "course/solutions/02")) for name in names)


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_scripts_are_shell_and_programs(name):
    assert subprocess.run(["bash", "-n", bundle.SCRIPTS / name], check=False).returncode == 0
    assert os.access(bundle.SCRIPTS / name, os.X_OK)


def test_a_bundle_that_cannot_be_written_gets_a_sentence(tmp_path):
    result = CliRunner().invoke(app, ["gradescope", "01", "--out", str(tmp_path / "nowhere" / "a.zip")])
    assert "could not be written" in str(result.exception)
    done = CliRunner().invoke(app, ["gradescope", "01", "--out", str(tmp_path / "a.zip")])
    assert (done.exit_code, [path.name for path in tmp_path.iterdir()]) == (0, ["a.zip"])
