"""A chapter begins with the reference of the one before, or with the student's own code."""

import pytest
from typer.testing import CliRunner

from grader import course, starters
from grader.commands import app
from grader.course import Chapter, UsageError
from grader.day import backups, start

FIRST = "a = 1\n\n\ndef f():\n    # TODO 1.1: one. >>>\n    return 1\n    # <<<\n\n\nb = 1\nc = 1\n"
SECOND = "a = 1\n\n\ndef f():\n    return 1\n\n\nb = 1\nc = 2\n\n\ndef g():\n    # TODO 2.1: two. >>>\n    return 2\n    # <<<\n"
MINE = "a = 1\n\n\ndef f():\n    return 0 + 1\n\n\nb = 1\nc = 1\n"


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    found = [Chapter("01_first", tmp_path), Chapter("02_second", tmp_path)]
    for chapter, text in zip(found, (FIRST, SECOND), strict=True):
        (chapter.solution / "app").mkdir(parents=True)
        (chapter.solution / "app" / "a.py").write_text(text)
        starters.write(chapter)
    (found[0].starter / "app" / "a.py").write_text(MINE)
    (found[0].starter / "app" / "own.py").write_text("own = 1\n")
    (found[0].starter / "app" / "notes.txt").write_text("x")
    monkeypatch.setattr(course, "chapters", lambda: found)
    monkeypatch.chdir(tmp_path)
    return found


def run(*arguments):
    return CliRunner().invoke(app, ["start", *arguments])


def text(chapter, name="a.py"):
    return (chapter.starter / "app" / name).read_text()


def test_without_a_choice_nothing_changes_and_the_choices_are_said(chapters):
    result = run("02")
    assert result.exit_code == 0
    for choice in ("--reference", "--mine", "--compare", "not begun"):
        assert choice in result.output
    (chapters[1].starter / "app" / "a.py").write_text("mine\n")
    assert "you have begun it" in run("02").output
    assert text(chapters[1]) == "mine\n"


def test_mine_brings_the_students_code_and_the_chapters_together(chapters):
    result = run("02", "--mine")
    assert "return 0 + 1" in text(chapters[1])
    assert "c = 2" in text(chapters[1])
    assert "# TODO 2.1: two.\n" in text(chapters[1])
    assert text(chapters[1], "own.py") == "own = 1\n"
    assert not (chapters[1].starter / "app" / "notes.txt").exists()
    assert "nox -s undo" in result.output
    run("02", "--reference")
    assert starters.differences(chapters[1]) == []
    assert len(backups.backups(chapters[0].root)) == 2


def test_where_both_changed_the_same_lines_the_chapters_are_kept_and_it_is_said(chapters):
    (chapters[0].starter / "app" / "a.py").write_text(MINE.replace("c = 1", "c = 7"))
    result = run("02", "--mine")
    assert "the same lines as you did: app/a.py" in result.output
    assert "return 0 + 1" not in text(chapters[1])


def test_what_was_not_begun_is_not_called_the_students(chapters):
    starters.write(chapters[0])
    result = run("02", "--mine")
    assert "as you did" not in result.output
    assert starters.differences(chapters[1]) == []


def test_compare_only_shows(chapters):
    result = run("02", "--compare")
    assert "-    return 1" in result.output
    assert "+    return 0 + 1" in result.output
    assert starters.differences(chapters[1]) == []


def test_what_makes_no_sense_gets_a_sentence(chapters, monkeypatch):
    assert "Chapter 01 is the first one" in str(run("01").exception)
    assert "Say one of" in str(run("02", "--mine", "--compare").exception)
    monkeypatch.setattr(start, "CONFLICT", -1)
    with pytest.raises(UsageError, match="git could not merge"):
        start.merge("a", "b", "c")
