"""The course is checked as a product, and every rule can fail."""

import shutil

import pytest
from typer.testing import CliRunner

from grader import course, starters
from grader.commands import app
from grader.course import ROOT, Chapter
from grader.proofs import bank, soundness, soundness_parts
from grader.proofs.soundness import Work
from grader.report import CheckResult, Outcome, Report, TaskInfo

SOLUTION = '"""A."""\n\n\ndef first() -> int:\n    """One."""\n    # TODO 1.1: one. >>>\n    return 1\n    # <<<\n'


def report(*outcomes, points=50):
    checks = tuple(
        CheckResult(id=f"1.{number}/a", task=f"1.{number}", label="l", points=points, outcome=Outcome(outcome))
        for number, outcome in enumerate(outcomes, 1)
    )
    tasks = tuple(TaskInfo(id=check.task, title="t") for check in checks)
    return Report(
        chapter="01", title="t", source="submission", folder="f", level="practice", tasks=tasks, checks=checks
    )


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A small chapter that is as it should be; every grading was done already."""
    chapter = Chapter("01_made_up", tmp_path)
    (chapter.solution / "app" / "static").mkdir(parents=True)
    for name, text in {"__init__.py": '"""The app."""\n', "main.py": SOLUTION, "static/a.html": "<p>"}.items():
        (chapter.solution / "app" / name).write_text(text)
    starters.write(chapter, tmp_path / "starter")
    work = Work(chapter, tmp_path / "starter")
    work.solved, work.begun = report("passed", "passed"), report("todo", "todo")
    return work


def test_a_good_chapter_gets_no_complaint(work):
    for rule in soundness.RULES:
        assert list(rule(work)) == [], rule.__doc__


@pytest.mark.parametrize(
    ("begun", "said"),
    [
        (report("failed", "todo"), "task 1.1 is failed, not to do"),
        (report("passed", "todo"), "it earns 50 points"),
        (report("blocked", "todo"), "task 1.1 is blocked, not to do"),
        (report("error", "todo"), "it earns None points"),
    ],
)
def test_a_starter_is_to_do(work, begun, said):
    work.begun = begun
    assert said in list(soundness.starter_is_to_do(work))


def test_a_starter_must_import(work):
    (work.starter / "app" / "main.py").write_text("import nothing_of_that_name\n")
    assert "ModuleNotFoundError" in next(soundness.starter_is_to_do(work))


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("main.py", SOLUTION, "main.py differs at:     # TODO 1.1: one."),
        ("main.py", "changed", 'main.py differs at: """A."""'),
        ("static/a.html", "<b>", "static/a.html differs"),
    ],
)
def test_a_starter_is_its_solution_but_for_what_is_marked(work, file, text, said):
    (work.starter / "app" / file).write_text(text)
    assert list(soundness.starter_is_the_solution_outside_markers(work)) == [f"app/{said}"]


def test_a_solution_earns_everything_without_a_warning(work):
    work.solved = report("passed", "failed")
    (work.chapter.solution / "app" / "main.py").write_text("import warnings\nwarnings.warn('old')\n")
    problem, *rest = soundness.solution_passes(work)
    assert "UserWarning: old" in problem
    assert rest == ["it earns 50 of 100 points", "1.2/a is failed"]


def test_a_solution_is_formatted_linted_and_typed(work):
    (work.chapter.solution / "app" / "main.py").write_text("import os\ndef f( ) -> int: return 'x'\n")
    assert [each.split(":")[0] for each in soundness.solution_has_style(work)] == ["ruff", "ruff", "mypy"]


def test_a_solution_is_small(work):
    body = "".join(f"    x = {number}\n" for number in range(21))
    text = f'def long():\n    """D."""\n{body}\n' + "# a\n" * 120
    (work.chapter.solution / "app" / "main.py").write_text(text)
    assert list(soundness.solution_is_small(work)) == ["main.py has 144 lines", "main.py: long has 21 lines of code"]


def test_files_that_nobody_knows_are_told(work):
    work.chapter.starter.mkdir(parents=True)
    (work.chapter.solution / "app" / "notes.txt").touch()
    for name in ("README.md", "HINTS.md", "chat.db", "todo.txt"):
        (work.chapter.starter / name).touch()
    assert [each.rpartition("/")[2] for each in soundness_parts.no_unknown_files(work.chapter)] == [
        "notes.txt",
        "todo.txt",
    ]


@pytest.fixture
def chapter():
    """A real one, whose parts a test may bend."""
    return Chapter(course.chapters()[0].slug)


def test_a_check_that_no_mistake_loses_is_unproven(chapter, monkeypatch):
    assert list(soundness_parts.every_check_is_killed(chapter)) == []
    monkeypatch.setattr(bank, "mistakes", lambda _chapter: [])
    assert "no mistake loses 1.1/speaks-to-the-file" in list(soundness_parts.every_check_is_killed(chapter))


def test_a_bank_that_does_not_fit_is_told(chapter, monkeypatch):
    first, *_ = bank.mistakes(chapter)
    edit = first.edit[0].model_copy(update={"old": "no such line"})
    bent = first.model_copy(update={"id": "bent", "edit": (edit,), "loses": ("1.1/none",)})
    monkeypatch.setattr(bank, "mistakes", lambda _chapter: [first, bent])
    assert list(soundness_parts.bank_fits(chapter)) == [
        f"bent: 'no such line' occurs 0 times in {edit.file}",
        "bent loses 1.1/none: no such check",
        "nobody has read the board of bent: nox -s mistakes -- 01 --only bent --boards --update",
    ]


def test_parts_that_do_not_agree_are_told(chapter, monkeypatch, tmp_path):
    assert list(soundness_parts.parts_agree(chapter)) == []
    moved = Chapter(chapter.slug, tmp_path)
    shutil.copytree(chapter.solution, moved.solution, ignore=shutil.ignore_patterns("__pycache__"))
    moved.starter.mkdir(parents=True)
    hints = (chapter.starter / "HINTS.md").read_text("utf-8")
    (moved.starter / "HINTS.md").write_text(hints.replace("## 1.2 ", "## 9.2 ").replace("### Hint 3", "###", 1))
    chat = moved.solution / "app" / "chat.py"
    chat.write_text(chat.read_text("utf-8").replace("TODO 1.12", "TODO 1.99"))
    monkeypatch.setattr(soundness_parts, "POINTS", 99)
    monkeypatch.setattr(soundness_parts, "MOST_TESTIMONY", 0)
    monkeypatch.setattr(soundness_parts.documents, "anchors", lambda _path: set())
    text = "\n".join(soundness_parts.parts_agree(moved))
    for said in (
        "all checks together are worth 100 points", "points rest on what the student's process says",
        "marked and checked differ: 1.12, 1.99", "HINTS.md has the tasks 1.1, 9.2", "task 1.1 has 2 hints",
        "There are no hints for task 1.2.", "the lesson has no section", "has no question for 1.1/",
    ):  # fmt: skip
        assert said in text, said


def test_what_a_document_says_is_checked(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# T\n[a](#b)\n\n`grader/none.py`\n\n```python\n1 / 0\n```\n\n```console\n$ nox -x\n```\n")
    said = "\n".join(soundness.documents_hold(path, {}))
    for part in ("ZeroDivisionError", "#b leads nowhere", "-x is not an option", "grader/none.py does not exist"):
        assert part in said


@pytest.mark.parametrize(("complaints", "status", "last"), [([], 0, "2 chapters, 0"), (["x is y"], 1, "2 chapters, 5")])
def test_the_command_tells_every_rule_and_counts(monkeypatch, complaints, status, last):
    chapters = [Chapter("01_a"), Chapter("02_b")]
    monkeypatch.setattr(course, "chapters", lambda: chapters)
    monkeypatch.setattr(soundness, "examine", lambda *_, **__: iter([("a rule", []), ("another", complaints)]))
    monkeypatch.setattr(soundness, "forgotten", lambda *_: complaints)
    monkeypatch.setattr(soundness, "documents_checked", lambda _: iter([("README.md", complaints * 2)]))
    result = CliRunner().invoke(app, ["course"])
    assert (result.exit_code, result.output.splitlines()[-1]) == (status, f"{last} complaints"), result.output
    assert "  ok  a rule" in result.output
    assert ("        x is y" in result.output) is bool(complaints)


def test_a_chapter_is_examined_on_a_starter_made_afresh(monkeypatch):
    monkeypatch.setattr(
        soundness,
        "graded",
        lambda _chapter, folder, **_: report("passed" if folder.is_relative_to(ROOT) else "todo", points=100),
    )
    monkeypatch.setattr(soundness, "tool", lambda *_: "")
    rules = dict(soundness.examine(course.chapters()[0]))
    assert len(rules) == len(soundness.RULES) + len(soundness.OF_PARTS)
    assert [complaint for complaints in rules.values() for complaint in complaints] == []


def test_what_the_next_chapter_forgets_is_told():
    first, second = course.chapters()[:2]
    assert soundness.forgotten(first, second) == []
    assert soundness.forgotten(second, first)
