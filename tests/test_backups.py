"""Nothing of the student's is overwritten without a copy, and a kill at any moment loses nothing."""

import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from grader import course, starters
from grader.commands import app
from grader.course import ROOT, UsageError
from grader.day import backups, reset
from grader.report import CheckResult, Outcome, Report

TEXT = "x = 1\n# TODO 1.1: one. >>>\ny = 1\n# <<<\n\nz = 3\n# TODO 1.2: two. >>>\n#: w = None\nw = 2\n# <<<\n"
MINE = "import os\nx = 1\n# TODO 1.1: one.\ny = 'mine'\n\nz = 3\n# TODO 1.2: two.\nw = 'mine'\n"


@pytest.fixture
def chapter(made_up, tmp_path, monkeypatch):
    """A made-up chapter in which the student has worked."""
    chapter = made_up({"a.py": TEXT, "b.py": "b = 1\n"}, task_1="one", task_2="two")
    starters.write(chapter)
    (chapter.starter / "app" / "a.py").write_text(MINE)
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    monkeypatch.setattr(course, "ROOT", tmp_path)
    return chapter


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def mine(chapter, file="app/a.py"):
    return (chapter.starter / file).read_text()


def test_reset_of_a_task_puts_only_its_parts_back(chapter):
    said = run("reset", "1.2").output
    assert mine(chapter) == MINE.replace("w = 'mine'", "w = None")
    assert "Task 1.2 is back. Written: app/a.py\n" in said
    (backup,) = backups.backups(chapter.root)
    assert f"nox -s undo -- {backup.name}" in said
    assert (backup.folder / "app" / "a.py").read_text() == MINE


def test_reset_of_a_chapter_and_undo_and_undo_again(chapter):
    (chapter.starter / "app" / "extra.py").write_text("mine too\n")
    (chapter.starter / "app" / "b.py").unlink()
    run("reset", "01")
    assert starters.differences(chapter) == []
    said = run("undo").output
    assert mine(chapter) == MINE
    assert mine(chapter, "app/extra.py") == "mine too\n"
    assert not (chapter.starter / "app" / "b.py").exists()
    assert "What was there before reset of chapter 01 is back." in said
    run("undo")
    assert starters.differences(chapter) == []
    assert len(backups.backups(chapter.root)) == 3


def test_undo_takes_a_name_and_lists_them(chapter):
    run("reset", "1.1")
    run("reset", "1.2")
    first, second = run("undo", "--list").output.splitlines()
    assert "before reset of task 1.1" in first
    assert "before reset of task 1.2" in second
    run("undo", first.split()[0])
    assert mine(chapter) == MINE


def test_undo_leaves_alone_what_the_reset_did_not_write(chapter):
    run("reset", "1.2")
    (chapter.starter / "app" / "b.py").write_text("mine since then\n")
    (chapter.starter / "app" / "new.py").write_text("new since then\n")
    assert "Written: app/a.py\n" in run("undo").output
    assert mine(chapter) == MINE
    assert mine(chapter, "app/b.py") == "mine since then\n"
    assert mine(chapter, "app/new.py") == "new since then\n"


def test_undo_does_not_throw_away_what_was_done_since_unless_it_is_named(chapter):
    run("reset", "1.2")
    (chapter.starter / "app" / "a.py").write_text("mine since then\n")
    (backup,) = backups.backups(chapter.root)
    said = str(run("undo").exception)
    assert "You have gone on since the reset of task 1.2: app/a.py changed." in said
    assert f"nox -s undo -- {backup.name}" in said
    assert mine(chapter) == "mine since then\n"
    run("undo", backup.name)
    assert mine(chapter) == MINE
    run("undo")
    assert mine(chapter) == "mine since then\n"


def test_what_is_not_there_gets_a_sentence(chapter):
    assert "There is no backup; nothing was overwritten so far." in str(run("undo").exception)
    run("reset", "01")
    assert "There is no backup x; nox -s undo -- --list" in str(run("undo", "x").exception)
    assert "No version in which task 1.1 passed was kept" in str(run("reset", "1.1", "--passing").exception)


def test_what_is_like_that_already_makes_no_backup(chapter):
    run("reset", "01")
    assert "Nothing to do: Chapter 01 is like that already." in run("reset", "01").output
    assert len(backups.backups(chapter.root)) == 1


def test_a_file_that_is_gone_comes_back_with_its_task(chapter):
    (chapter.starter / "app" / "a.py").unlink()
    run("reset", "1.1")
    assert "y = 1" not in mine(chapter)
    assert "# TODO 1.1: one.\n" in mine(chapter)


def graded(*outcomes, partial=False):
    checks = [
        CheckResult(id=f"{task}/a", task=task, label="l", points=1, outcome=outcome)
        for task, outcome in zip(("1.1", "1.2"), outcomes, strict=True)
    ]
    return Report(
        chapter="01", title="t", source="student", folder="f", level="practice", tasks=(), checks=tuple(checks),
        partial=partial,
    )  # fmt: skip


def test_the_last_passing_version_of_a_task_and_of_a_chapter_can_be_put_back(chapter):
    reset.keep_passed(chapter, graded(Outcome.PASSED, Outcome.FAILED), ("1.1", "1.2"))
    (chapter.starter / "app" / "a.py").write_text(MINE.replace("mine", "worse"))
    with pytest.raises(UsageError, match=r"task 1\.2 passed was kept"):
        reset.reset(chapter, "1.2", passing=True)
    reset.reset(chapter, "1.1", passing=True)
    assert mine(chapter) == MINE.replace("w = 'mine'", "w = 'worse'")
    reset.keep_passed(chapter, graded(Outcome.PASSED, Outcome.PASSED), ("1.1", "1.2"))
    good = mine(chapter)
    run("reset", "01")
    reset.reset(chapter, passing=True)
    assert mine(chapter) == good


def test_a_passing_version_replaces_the_one_before(chapter):
    for text in (MINE, MINE + "# more\n"):
        (chapter.starter / "app" / "a.py").write_text(text)
        reset.keep_passed(chapter, graded(Outcome.PASSED, Outcome.TODO), ("1.1",))
    assert (reset.passed_folder(chapter, "1.1") / "app" / "a.py").read_text() == MINE + "# more\n"
    assert [path.name for path in reset.passed_folder(chapter, "1.1").parent.iterdir()] == ["1.1"]


KILLED = """
import os, signal, sys
from pathlib import Path
from grader.day import backups, reset
from grader.course import Chapter
steps = int(sys.argv[2])
def count(event, arguments):
    global steps
    if event in {"open", "os.rename", "os.mkdir", "os.remove", "shutil.rmtree"}:
        steps -= 1
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
reset.reset(Chapter("01_made_up", Path(sys.argv[1])))
"""


@pytest.mark.parametrize("step", [10, 24, 27, 29, 31])
def test_a_kill_at_any_step_of_a_reset_loses_nothing(chapter, step):
    (chapter.starter / "app" / "b.py").write_text("mine too\n")
    before = starters.present(chapter.starter)
    command = [sys.executable, "-c", KILLED, str(chapter.root), str(step)]
    done = subprocess.run(command, check=False, cwd=ROOT)
    there = backups.backups(chapter.root)
    assert done.returncode in {0, -signal.SIGKILL}
    for text in (mine(chapter), *((backup.folder / "app" / "a.py").read_text() for backup in there)):
        assert text in {MINE, starters.generate(chapter.solution)["app/a.py"].decode()}
    if starters.present(chapter.starter) != before:
        backups.undo(chapter.root, there[0].name)
    assert starters.present(chapter.starter) == before


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_folder_that_is_no_backup_is_passed_over(chapter, text):
    folder = chapter.root / ".workbook" / "backups" / "2026-01-01-000000-01"
    folder.mkdir(parents=True)
    (folder / backups.ABOUT).write_text(text)
    assert backups.backups(chapter.root) == []
    assert backups.take(chapter, "before it", {}).name != folder.name


def test_a_full_disk_leaves_the_old_file(chapter, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        backups.write_whole(chapter.starter / "app" / "a.py", b"new")
    assert mine(chapter) == MINE
    assert sorted(path.name for path in (chapter.starter / "app").iterdir()) == ["a.py", "b.py"]
