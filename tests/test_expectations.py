"""Every expectation of a suite can be taken out, and a mistake that passes then proves it."""

import ast
import subprocess
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from grader import course
from grader.commands import app
from grader.course import Chapter, chapters
from grader.proofs import bank, expectations, golden, suite_mutants
from grader.proofs.bank import Edit, Mistake
from grader.proofs.expectations import Expectation
from grader.report import CheckResult, Finding, Outcome, Report, TaskInfo

SUITE = '''"""engine"""


def helper(answer):
    if answer.status == 500:
        raise answer.failed("no")
    return answer


WHY = "What is deleted is gone, " "everywhere."


@check("1.1", points=2)
def test_first_one(app, student):
    """It works."""
    user = app.post("/x").expect(201, why="w").expect_keys("id")["id"]
    helper(app.get("/y")).expect(409)
    student.database.expect_rows(1, "users")
    expect(user == 1, did="d", expected="e", got="g", why=WHY)
    with app.socket("x").open() as socket:
        before = socket.until("joined")
        socket.expect("hello")
    try:
        x()
    except E:
        raise


def unused(answer):
    answer.expect(200)
'''
SHARED = '''"""shared"""


@pytest.fixture
def student():
    def register(app):
        app.post("/register").expect(201)
        app.get("/other").expect(204, 409)

    return register


@pytest.fixture
def nobody_uses_it(app):
    app.get("/other").expect(404)
'''
MORE = '''"""more"""


@check("1.2", points=2)
def test_more(student):
    """It works."""
    student.register(app)
'''
WITHOUT = {
    'raise answer.failed("no")': ("pass", False),
    'app.post("/x").expect(201, why="w").expect_keys("id")': ('app.post("/x").expect(201, why="w").json()["id"]', True),
    'app.post("/x").expect(201, why="w")': ('user = app.post("/x").expect_keys("id")["id"]', True),
    'helper(app.get("/y")).expect(409)': ('helper(app.get("/y"))', False),
    'student.database.expect_rows(1, "users")': ("[]", False),
    'expect(user == 1, did="d", expected="e", got="g", why=WHY)': ('expect(True, did="d", expected="e"', False),
    'app.socket("x").open()': ('with app.socket("x") as socket:', True),
    'socket.until("joined")': ("before = []", True),
    'socket.expect("hello")': ("socket", False),
}


@pytest.fixture
def suite(tmp_path):
    path = tmp_path / "test_01_engine.py"
    path.write_text(SUITE)
    return path


def of_one(suite):
    return [each for each in expectations.of_file(suite, expectations._checks(suite)) if each.checks]


def test_every_expectation_of_a_check_or_its_helper_is_found(suite):
    found = {each.source: each for each in of_one(suite)}
    assert found.keys() == WITHOUT.keys()
    for source, (line, step) in WITHOUT.items():
        ast.parse(found[source].text)
        assert any(line in each for each in found[source].text.splitlines()), source
        assert (found[source].step, found[source].checks) == (step, ("1.1/first-one",)), source
    assert [each.texts for each in found.values() if each.texts] == [("What is deleted is gone, everywhere.",)]
    assert found['raise answer.failed("no")'].id == 'test_01_engine.py:6 raise answer.failed("no")'


@pytest.mark.parametrize("each", chapters(), ids=lambda chapter: chapter.slug)
def test_every_suite_can_be_read_without_any_one_of_its_expectations(each):
    found = expectations.expectations(each)
    for expectation in found:
        ast.parse(expectation.text)
    assert len(found) > 100


def test_what_checks_share_is_asked_by_each_that_uses_it_but_for_its_steps(chapter, suite):
    for name, text in (("conftest.py", SHARED), ("test_01_engine.py", SUITE), ("test_02_more.py", MORE)):
        (chapter.suite / name).write_text(text)
    shared, *own = expectations.expectations(chapter)
    assert (shared.file, shared.source) == ("conftest.py", 'app.get("/other").expect(204, 409)')
    assert shared.checks == ("1.1/first-one", "1.2/more")
    assert 'register(app):\n        app.post("/register").expect(201)\n        app.get("/other")\n' in shared.text
    assert [each.source for each in own] == [each.source for each in of_one(suite)]


def expectation(*checks, step=False):
    return Expectation("test_01_engine.py", 3, "expect(x)", "# without\n", checks, step)


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    (tmp_path / "grader" / "suites" / "01_made_up").mkdir(parents=True)
    (tmp_path / "chapters").mkdir()
    (tmp_path / "requirements.lock").touch()
    chapter = Chapter("01_made_up", tmp_path)
    (chapter.solution / "app").mkdir(parents=True)
    (chapter.solution / "app" / "a.py").write_text("x = 1\n")
    entries = [
        Mistake(
            id=id_,
            task="1.1",
            source="s",
            why="w",
            loses=loses,
            says=(),
            edit=(Edit(file="app/a.py", old="1", new=id_),),
        )
        for id_, loses in (("first", ("1.1/a",)), ("second", ("1.1/a", "1.2/b")), ("other", ("1.3/c",)))
    ]
    monkeypatch.setattr(bank, "mistakes", lambda _chapter: entries)
    return chapter


def report(*outcomes, expected="one row"):
    checks = tuple(
        CheckResult(id=id_, task=id_[:3], label="l", points=1, outcome=Outcome(outcome),
                    finding=Finding(did="d", expected=expected, got="g"))
        for id_, outcome in zip(("1.1/a", "1.2/b"), outcomes, strict=False)
    )  # fmt: skip
    tasks = (TaskInfo(id="1.1", title="t"),)
    if outcomes[2:]:
        checks = report(*outcomes[:2], expected=outcomes[2]).checks
    return Report(chapter="01", title="t", source="s", folder="f", level="practice", tasks=tasks, checks=checks)


@pytest.fixture
def outcomes(monkeypatch):
    """A function that says what comes of 1.1/a and 1.2/b in each grading without the expectation; what was tried."""
    tried = []

    def answers(*found):
        given = iter(found)

        def graded(_chapter, folder, *, asked, fresh=False, root=None):
            if root is None:
                return whole
            assert (root / "grader/suites/01_made_up/test_01_engine.py").read_text() == "# without\n"
            tried.append((folder.name, *asked))
            answer = next(given)
            if isinstance(answer, Exception):
                raise answer
            return report(*answer)

        whole = report("failed", "failed")

        monkeypatch.setattr(suite_mutants, "graded", graded)
        return tried

    return answers


def test_the_newest_mistake_that_passes_proves_it(chapter, outcomes):
    tried = outcomes(("failed", "passed"), ("passed", "failed"))
    assert suite_mutants.prover(chapter, expectation("1.1/a")) == ("proved", "first, by 1.1/a")
    assert tried == [("second", "1.1/a"), ("first", "1.1/a")]


def test_a_mistake_whose_board_says_the_same_is_tried_first(chapter, outcomes):
    kept = golden.place(chapter, next(entry for entry in bank.mistakes(chapter) if entry.id == "first"))
    kept.parent.mkdir(parents=True)
    kept.write_text("expected  a row that nobody\n          has deleted\n")
    tried = outcomes(("passed", "failed"))
    spoken = replace(expectation("1.1/a"), texts=("a text of another", "a row that nobody has deleted"))
    assert suite_mutants.prover(chapter, spoken) == ("proved", "first, by 1.1/a")
    assert tried == [("first", "1.1/a")]


def test_only_mistakes_that_lose_its_checks_are_tried(chapter, outcomes):
    tried = outcomes(("failed", "failed"))
    assert suite_mutants.prover(chapter, expectation("1.2/b")) == ("", "")
    assert tried == [("second", "1.2/b")]


def test_a_suite_that_breaks_without_it_proves_it_too(chapter, outcomes):
    outcomes(("error", "passed"))
    assert suite_mutants.prover(chapter, expectation("1.1/a")) == ("proved", "second, by 1.1/a")


def test_a_mistake_that_is_told_otherwise_shows_it(chapter, outcomes):
    outcomes(("failed", "failed", "two rows"), ("failed", "failed"))
    assert suite_mutants.prover(chapter, expectation("1.1/a")) == ("told", "second")
    outcomes(("failed", "failed", "two rows"), ("passed", "failed"))
    assert suite_mutants.prover(chapter, expectation("1.1/a")) == ("proved", "first, by 1.1/a")


@pytest.mark.parametrize("problem", [RuntimeError("nothing came"), subprocess.TimeoutExpired("grader", 1)])
def test_what_cannot_be_graded_is_told(chapter, outcomes, problem):
    outcomes(problem)
    heard = []
    assert len(suite_mutants.prove(chapter, [expectation("1.1/a")], lambda *told: heard.append(told))) == 1
    assert suite_mutants.told(*heard[0]).startswith("UNGRADED test_01_engine.py:3 expect(x)  <- ")


def test_the_unproved_are_told_and_counted_and_steps_are_not(chapter, outcomes, monkeypatch):
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    monkeypatch.setattr(
        suite_mutants,
        "prover",
        lambda _chapter, each, **_: ("proved", "m, by 1.2/b") if each.checks == ("1.2/b",) else ("", ""),
    )
    found = [expectation("1.1/a"), expectation("1.1/a", step=True), expectation("1.2/b")]
    monkeypatch.setattr(expectations, "expectations", lambda _chapter: found)
    result = CliRunner().invoke(app, ["suite-mutants", "01"])
    assert result.exit_code == 1
    assert sorted(result.output.splitlines()) == [
        "3 of 3 expectations, 1 unproved",
        "UNPROVED test_01_engine.py:3 expect(x)",
        "proved   test_01_engine.py:3 expect(x)  <- m, by 1.2/b",
        "step     test_01_engine.py:3 expect(x)",
    ]
    assert CliRunner().invoke(app, ["suite-mutants", "01", "--only", "1.2/b"]).exit_code == 0


@pytest.mark.parametrize("chapter", course.chapters(), ids=lambda chapter: chapter.slug)
def test_every_expectation_of_a_suite_says_why(chapter):
    silent = []
    for path in chapter.suite.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(ast.Name("expect" | "CheckFailed")) | ast.Call(
                    ast.Attribute(_, "failed" | "expect_rows")
                ):
                    if not {each.arg for each in node.keywords} & {"why", None}:
                        silent.append(f"{path.name}:{node.lineno}")
    assert silent == []
