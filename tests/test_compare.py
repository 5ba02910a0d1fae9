"""Two versions side by side, without what only the generator of starters reads."""

import pytest
from typer.testing import CliRunner

from grader import course
from grader.commands import app
from grader.course import Chapter, UsageError
from grader.day import compare

SOLUTION = "x = 1\n# TODO 1.1: y. >>>\n#: y = None\ny = 2\n# <<<\n"
STARTER = "x = 1\n# TODO 1.1: y.\ny = None\n"


@pytest.fixture
def versions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for version, files in {
        "mine": {"a.py": STARTER, "b.py": "only mine\n"},
        "theirs": {"a.py": SOLUTION, "c.db": "data"},
    }.items():
        (tmp_path / version / "app").mkdir(parents=True)
        for name, text in files.items():
            (tmp_path / version / "app" / name).write_text(text)
    return tmp_path / "mine", tmp_path / "theirs"


def test_only_what_differs_for_a_reader_is_shown(versions):
    assert list(compare.unified(compare.versions(*versions))) == [
        "--- mine/app/a.py", "+++ theirs/app/a.py", "@@ -1,3 +1,3 @@", " x = 1", " # TODO 1.1: y.", "-y = None", "+y = 2",
        "--- mine/app/b.py", "+++ theirs/app/b.py", "@@ -1 +0,0 @@", "-only mine",
    ]  # fmt: skip


def test_colour_marks_lines_and_ends_with_each(versions):
    coloured = list(compare.unified(compare.versions(*versions), colour=True))
    assert "\x1b[31m-y = None\x1b[0m" in coloured
    assert "\x1b[32m+y = 2\x1b[0m" in coloured
    assert " x = 1" in coloured


def test_a_version_does_not_differ_from_itself(versions):
    assert list(compare.unified(compare.versions(versions[0], versions[0]))) == []


def test_two_columns_show_what_went_and_what_came(versions):
    lines = list(compare.side_by_side(compare.versions(*versions), 60))
    assert lines == [
        "mine/app/a.py                  theirs/app/a.py", "x = 1                          x = 1",
        "# TODO 1.1: y.                 # TODO 1.1: y.", "y = None                     | y = 2", "",
        "mine/app/b.py                  theirs/app/b.py", "only mine                    <", "",
    ]  # fmt: skip
    (pair,) = [compare.Pair("a", "b", ["x" * 19], ["x" * 19, "\tnew"])]
    assert list(compare.side_by_side([pair], 41, colour=True))[2] == "\x1b[32m" + " " * 20 + ">     new\x1b[0m"
    (pair,) = [compare.Pair("a", "b", ["x" * 25 + "1"], ["x" * 25 + "2"])]
    lines = list(compare.side_by_side([pair], 41))
    assert all(len(line) <= 41 for line in lines)
    assert "x" * 6 + "1" + " " * 13 + "| " + "x" * 6 + "2" in lines[2]


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    chapter = Chapter("01_made_up", tmp_path)
    chapter.__dict__["tasks"] = {"1.1": "y"}
    for folder, text in ((chapter.solution, SOLUTION), (chapter.starter, "x = 1\n# TODO 1.1: y.\ny = 3\n")):
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "a.py").write_text(text)
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    monkeypatch.chdir(tmp_path)
    return chapter


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("01", [" # TODO 1.1: y.", "-y = 3", "+y = 2"]),
        ("01 --from starter", ["--- app/a.py as it began", " # TODO 1.1: y.", "-y = None", "+y = 3"]),
        ("1.1", ["--- chapters/01_made_up/app/a.py:2", "+++ solutions/01_made_up/app/a.py:2", "-y = 3", "+y = 2"]),
        ("1.1 --from starter", ["--- app/a.py as it began", "-y = None", "+y = 3"]),
        ("1.1 --submission solutions/01_made_up", ["No difference."]),
        ("01 --side-by-side", ["| y = 2"]),
    ],
)
def test_each_form_of_diff_compares_what_it_says(chapter, arguments, said):
    result = CliRunner().invoke(app, ["diff", *arguments.split()])
    assert result.exit_code == 0, result.output
    for text in said:
        assert text in result.output
    assert "x = 2" not in result.output


@pytest.mark.parametrize(("options", "line"), [([], "+y = 2"), (["--from", "starter"], "-y = None")])
def test_a_task_whose_place_nobody_can_tell_is_compared_with_its_whole_file(chapter, monkeypatch, options, line):
    def nobody(*_):
        raise UsageError("nobody can tell")

    monkeypatch.setattr(compare.own, "places", nobody)
    said = CliRunner().invoke(app, ["diff", "1.1", *options]).output
    assert line in said
    assert "app/a.py" in said


@pytest.mark.parametrize(
    "arguments", ["1.1 01", "01 1.1", "01 --from scratch", "01 01 --from starter", "01 01 --submission ."]
)
def test_a_diff_that_makes_no_sense_gets_a_sentence(chapter, arguments):
    assert isinstance(CliRunner().invoke(app, ["diff", *arguments.split()]).exception, UsageError)
