"""Starters are generated from solutions; what a student has changed is never written over."""

import shutil

import pytest

from grader import starters
from grader.course import UsageError

SOLUTION = "x = 1\n# TODO 1.1: say y. >>>\ny = 2\n# <<<\n"
STARTER = 'x = 1\n# TODO 1.1: say y.\nraise NotImplementedError("TODO 1.1")\n'


@pytest.fixture
def chapter(made_up):
    chapter = made_up({"a.py": SOLUTION, "static/page.html": "<p>", "__pycache__/a.pyc": "x"})
    chapter.starter.mkdir(parents=True)
    return chapter


def test_python_is_generated_other_files_are_copied_and_caches_are_left_out(chapter):
    starters.rewrite(chapter)
    assert starters.present(chapter.starter) == {"app/a.py": STARTER.encode(), "app/static/page.html": b"<p>"}
    assert starters.differences(chapter) == []


def test_what_is_missing_changed_or_too_much_is_a_difference(chapter):
    starters.rewrite(chapter)
    (chapter.starter / "app" / "a.py").write_text("changed")
    (chapter.starter / "app" / "more.py").touch()
    shutil.rmtree(chapter.starter / "app" / "static")
    assert starters.differences(chapter) == ["app/a.py", "app/more.py", "app/static/page.html"]


def test_an_untouched_starter_is_written_anew_when_its_solution_changes(chapter):
    starters.rewrite(chapter)
    (chapter.solution / "app" / "a.py").write_text(SOLUTION.replace("x = 1", "x = 3"))
    starters.rewrite(chapter)
    assert (chapter.starter / "app" / "a.py").read_text() == STARTER.replace("x = 1", "x = 3")


@pytest.mark.parametrize("stamped", [True, False])
def test_a_starter_somebody_worked_in_is_left_alone(chapter, stamped):
    starters.rewrite(chapter)
    if not stamped:
        (chapter.starter / starters.STAMP).unlink()
    (chapter.starter / "app" / "a.py").write_text("my work")
    with pytest.raises(UsageError, match="chapters/01_made_up/app has changed since it was generated"):
        starters.rewrite(chapter)
    assert (chapter.starter / "app" / "a.py").read_text() == "my work"


def test_a_starter_can_be_written_somewhere_else(chapter, tmp_path):
    starters.write(chapter, tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "app" / "a.py").read_text() == STARTER
    assert not (chapter.starter / "app").exists()


def test_two_starters_have_one_stamp_only_when_names_and_bytes_are_the_same():
    stamps = {starters.stamp(files) for files in ({"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {})}
    assert len(stamps) == 4
    assert starters.stamp({"a": b"1", "b": b"2"}) == starters.stamp({"b": b"2", "a": b"1"})
