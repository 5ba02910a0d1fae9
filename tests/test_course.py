"""Chapters and tasks are found; what does not exist gets one sentence that says what does."""

import re

import pytest

from grader import course
from grader.course import Chapter, UsageError


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A course of chapters 01 and 02; 03 has no checks yet."""
    monkeypatch.setattr(course, "ROOT", tmp_path)
    for slug in ("01_one", "02_two", "03_three"):
        (tmp_path / "chapters" / slug).mkdir(parents=True)
        (tmp_path / "grader" / "suites" / slug).mkdir(parents=True)
    for slug in ("01_one", "02_two"):
        (tmp_path / "grader" / "suites" / slug / "test_1.py").write_text(
            f'"""the title."""\n\n@check(\n    "{int(slug[:2])}.1", points=1)\n'
        )
    return tmp_path


def sentence(call, *arguments):
    with pytest.raises(UsageError) as caught:
        call(*arguments)
    return str(caught.value)


def test_chapters_are_those_that_have_checks_in_order(made_up):
    assert [each.slug for each in course.chapters()] == ["01_one", "02_two"]


@pytest.mark.parametrize("name", ["01", "1", "01_one"])
def test_a_chapter_is_found_by_its_number_or_its_name(made_up, name):
    assert course.chapter(name).number == "01"


def test_an_unknown_chapter_gets_the_chapters_there_are(made_up, tmp_path, monkeypatch):
    assert sentence(course.chapter, "09") == "There is no chapter 09; there are 01 to 02."
    monkeypatch.setattr(course, "ROOT", tmp_path / "elsewhere")
    assert sentence(course.chapter, "01") == "There is no chapter 01; there is none."


def test_a_task_is_found_in_its_chapter(made_up):
    assert course.task("2.1") == (course.chapter("02"), "2.1")
    assert course.task("2.1", course.chapter("02"))[1] == "2.1"


@pytest.mark.parametrize(
    ("name", "within", "said"),
    [
        ("1.9", None, "There is no task 1.9 in chapter 01; there are 1.1 to 1.1."),
        ("2.1", "01", "There is no task 2.1 in chapter 01; there are 1.1 to 1.1."),
        ("7.1", None, "There is no chapter 7; there are 01 to 02."),
        ("one", None, "'one' is no task; a task is written like 1.8."),
        ("1.1\n", None, r"'1.1\n' is no task; a task is written like 1.8."),
    ],
)
def test_an_unknown_task_gets_the_tasks_there_are(made_up, name, within, said):
    assert sentence(course.task, name, within and course.chapter(within)) == said


def test_the_title_is_that_of_the_lesson_or_else_the_name_of_the_folder(tmp_path):
    chapter = Chapter("01_orm_setup", tmp_path)
    assert chapter.title == "orm setup"
    chapter.starter.mkdir(parents=True)
    (chapter.starter / "README.md").write_text("# Chapter 01: a chat: with memory\n\nText: more.\n")
    assert Chapter("01_orm_setup", tmp_path).title == "a chat: with memory"


@pytest.mark.parametrize("inside", [".", "chapters/01_one", "01_one"])
def test_a_submission_holds_its_app_in_one_of_three_places(tmp_path, inside):
    (tmp_path / inside / "app").mkdir(parents=True)
    assert course.submission(tmp_path, Chapter("01_one")) == tmp_path / inside


def test_a_submission_without_an_app_gets_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    chapter = Chapter("01_one")
    assert sentence(course.submission, tmp_path / "none", chapter) == f"There is no folder {tmp_path / 'none'}."
    assert sentence(course.submission, tmp_path / "file", chapter) == f"{tmp_path / 'file'} is not a folder."
    assert "holds neither app/ nor chapters/01_one/app/" in sentence(course.submission, tmp_path, chapter)


def test_a_path_is_shown_from_here_unless_it_lies_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert course.shown(tmp_path / "a" / "b") == "a/b"
    assert re.fullmatch(r"/.*", course.shown(tmp_path.parent))
