"""A board is read as a student reads it: everything is there, it is about their line, and it is kind."""

import re
import tomllib

import pytest

from grader.course import ROOT
from grader.proofs import golden, reading
from grader.proofs.bank import Mistake
from grader.report import CheckResult, Finding, Line, Outcome, Report, TaskInfo

OLD = "import os\n\n\ndef first():\n    a = 1\n    b = 2\n    return a\n\n\n@deco\ndef second():\n    return 2\n"
ENTRY = Mistake(id="m", task="1.1", source="s", why="w", loses=("1.1/a",), says=(), edit=())


def report(why="Commit it.", line=5, path="app/a.py", outcome="failed"):
    place = Line(path=path, number=line, text="x = 1") if line else None
    finding = Finding(did="d", expected="e", got="g", why=why, line=place, lesson="l")
    check = CheckResult(id="1.1/a", task="1.1", label="label", points=5, outcome=Outcome(outcome), finding=finding)
    task = TaskInfo(id="1.1", title="t")
    return Report(
        chapter="01", title="t", source="submission", folder="f", level="practice", tasks=(task,), checks=(check,)
    )


def complaints(found, entry=ENTRY, lines=None, board=None):
    board = golden.text(found) if board is None else board
    return list(reading.complaints(entry, found, board, lines if lines is not None else {"app/a.py": {5}}))


@pytest.fixture
def edited(tmp_path):
    """A function that gives the edited lines of a new version of OLD."""

    def lines(new, name="a.py"):
        for tree, file, text in (("old", "a.py", OLD), ("new", "a.py", OLD), ("new", name, new)):
            (tmp_path / tree / "app").mkdir(parents=True, exist_ok=True)
            (tmp_path / tree / "app" / file).write_text(text)
        return reading.edited(tmp_path / "old", tmp_path / "new")

    return lines


def test_a_changed_line_its_neighbours_and_its_function_are_edited(edited):
    assert edited(OLD) == {}
    assert edited(OLD.replace("b = 2", "b = 3")) == {"app/a.py": {4, 5, 6, 7}}
    assert edited(OLD.replace("    b = 2\n", "")) == {"app/a.py": {4, 5, 6}}
    assert edited(OLD + "\n\nclass C:\n    x = 1\n    y = 2\n    z = 3\n")["app/a.py"] >= {15, 16}
    assert edited(OLD.replace("return 2", "return 3"))["app/a.py"] == {10, 11, 12, 13}


def test_a_file_that_is_new_or_no_python_has_lines_too(edited):
    assert edited("x = (\n")["app/a.py"] >= {1, 2}
    assert edited("y = 1\n", "b.py") == {"app/b.py": {0, 1, 2}}


def test_a_good_board_gets_no_complaint():
    assert complaints(report()) == []
    assert complaints(report(line=0)) == []


@pytest.mark.parametrize(
    ("found", "options", "said"),
    [
        (report(why=""), {}, "the board has no line 'why'"),
        (report(why="Catch the IntegrityError."), {}, "why names an exception: IntegrityError"),
        (report(line=9), {}, "your line is app/a.py:9, which was not edited"),
        (report(path="app/b.py"), {}, "your line is app/b.py:5, which was not edited"),
        (report(), {"entry": ENTRY.model_copy(update={"elsewhere": "because"})}, "and it does not"),
        (report(outcome="passed"), {}, "no failure is shown whole"),
        (report(), {"board": ""}, "the board has no line 'we did'"),
        (report(), {"board": golden.text(report()).replace("your line", "their line")}, "does not show the line it knows"),
        (report(), {"board": golden.text(report()).replace("     got", "     x\n" * 20 + "     got")}, "takes 27 lines; 25"),
    ],
)  # fmt: skip
def test_what_a_student_could_not_read_is_a_complaint(found, options, said):
    assert any(said in complaint for complaint in complaints(found, **options)), complaints(found, **options)


def test_a_line_elsewhere_is_right_where_the_entry_says_why():
    assert complaints(report(line=9), entry=ENTRY.model_copy(update={"elsewhere": "the line that uses it"})) == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("grader/suites/*/*")), ids=lambda path: "/".join(path.parts[-2:]))
def test_no_reason_of_a_suite_names_an_exception(path):
    if path.suffix == ".toml":
        reasons = [concept["why"] for concept in tomllib.loads(path.read_text("utf-8"))["concept"]]
    else:
        reasons = re.findall(
            r'(?:why ?=|^[A-Z_]+ =) f?"([^"]*)"', path.read_text("utf-8") if path.is_file() else "", re.MULTILINE
        )
    assert [reason for reason in reasons if reading.EXCEPTION.search(reason)] == []
