"""Two versions side by side, without what only the generator of starters reads."""

import pytest

from grader import compare

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
    assert list(compare.unified(*versions)) == [
        "--- mine/app/a.py", "+++ theirs/app/a.py", "@@ -1,3 +1,3 @@", " x = 1", " # TODO 1.1: y.", "-y = None", "+y = 2",
        "--- mine/app/b.py", "+++ theirs/app/b.py", "@@ -1 +0,0 @@", "-only mine",
    ]  # fmt: skip


def test_colour_marks_lines_and_ends_with_each(versions):
    coloured = list(compare.unified(*versions, colour=True))
    assert "\x1b[31m-y = None\x1b[0m" in coloured
    assert "\x1b[32m+y = 2\x1b[0m" in coloured
    assert " x = 1" in coloured


def test_a_version_does_not_differ_from_itself(versions):
    assert list(compare.unified(versions[0], versions[0])) == []
