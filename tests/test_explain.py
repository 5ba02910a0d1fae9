"""One task for a person to read: the reference with its reasons, or a failure as a question to a tutor."""

import pytest
from typer.testing import CliRunner

from grader import course, run
from grader.commands import app
from grader.course import Chapter
from grader.day import explain
from grader.report import CheckResult, Finding, Line, Outcome, Report

LESSON = "# Lesson: made up\n\n## Ones\n\nOne is less than two:\n\n```python\n1\n```\n\nAnd so on.\n\n## Tasks\n\n### 1.1 one\n\nMake it one.\nIdeas: [ones](#ones).\n\n### 1.2 two\n\nOther.\n"
FINDING = Finding(
    did="GET /", expected="200", got="500  KeyError", why="The key is not there.", rows=("BEGIN, SELECT users",),
    line=Line(path="app/a.py", number=3, text="    y = 'mine'"), timeline=("mira -> hello",), printed="here\n",
    traceback="app/a.py:3 in f: y",
)  # fmt: skip


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    chapter = Chapter("01_made_up", tmp_path)
    chapter.__dict__["tasks"] = {"1.1": "one", "1.2": "two"}
    solution = "x = 1\n# TODO 1.1: one. >>>\n# Because it must be.\nsecret_answer = 1\n# <<<\n"
    for folder, text in ((chapter.solution, solution), (chapter.starter, "x = 1\n# TODO 1.1: one.\ny = '```mine'\n")):
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "a.py").write_text(text)
    (chapter.starter / "README.md").write_text(LESSON)
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    monkeypatch.chdir(tmp_path)
    return chapter


def report(outcome, **more):
    check = CheckResult(id="1.1/a", task="1.1", label="it is one", points=2, outcome=outcome, **more)
    return Report(
        chapter="01", title="t", source="student", folder="f", level="practice", tasks=(), checks=(check,), partial=True
    )


def test_a_solution_comes_with_its_reasons_and_the_lessons_words(chapter):
    said = CliRunner().invoke(app, ["solution", "1.1"]).output
    assert said == (
        "1.1 one: the reference\n\nsolutions/01_made_up/app/a.py:2\n\n# TODO 1.1: one.\n# Because it must be.\n"
        "secret_answer = 1\n\nWhy it is so:\n\nOnes: chapters/01_made_up/README.md#ones\n\nOne is less than two.\n\n"
        "Yours beside it: nox -s diff -- 1.1\n"
    )


def test_a_task_without_ideas_comes_with_its_section(chapter):
    assert "Why it is so:\n\nOther.\n\n" in explain.solution(chapter, "1.2")


def test_a_failure_is_bundled_whole_and_the_solution_left_out(chapter, monkeypatch):
    failed = report(Outcome.FAILED, finding=FINDING)
    monkeypatch.setattr(run, "grade", lambda *_, tasks, **__: failed if tasks == ("1.1",) else pytest.fail("tasks"))
    said = CliRunner().invoke(app, ["explain", "1.1"]).output
    for text in (
        "# Task 1.1: one", "Do not write the solution.", "Make it one.", "`app/a.py:2`",
        "````python\n# TODO 1.1: one.\ny = '```mine'\n````", "### it is one", "- I did: GET /", "- I expected: 200",
        "- I got: 500  KeyError", "- At my line: app/a.py:3: y = 'mine'", "- The workbook says: The key is not there.",
        "```\nBEGIN, SELECT users\n```", "```\nmira -> hello\n```", "```\nhere\n```", "in f: y",
    ):  # fmt: skip
        assert text in said
    assert "secret_answer" not in said


@pytest.mark.parametrize(
    ("outcome", "more", "said"),
    [
        (Outcome.PASSED, {}, "Every check of this task passes."),
        (Outcome.TODO, {}, "it is not written yet"),
        (Outcome.BLOCKED, {"waits_for": "1.0"}, "It waits for task 1.0"),
        (Outcome.TIMEOUT, {}, "### it is one\n\ntimeout"),
    ],
)
def test_without_a_finding_the_state_is_said(chapter, outcome, more, said):
    assert said in explain.bundle(chapter, "1.1", report(outcome, **more))


@pytest.mark.parametrize("chapter", course.chapters(), ids=lambda chapter: chapter.slug)
def test_the_lesson_has_words_for_every_task(chapter):
    assert [task for task in chapter.tasks if not explain.section(chapter, task)] == []
