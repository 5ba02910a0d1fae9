"""A file is opened at a line, in the student's editor."""

from pathlib import Path

import pytest

from grader.day.editor import command


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"VISUAL": "code --wait", "EDITOR": "vi"}, ["code", "--wait", "-g", "app/a.py:7"]),
        ({"VISUAL": "/usr/bin/nano"}, ["/usr/bin/nano", "+7", "app/a.py"]),
        ({"EDITOR": "pycharm", "PATH": ""}, ["pycharm", "--line", "7", "app/a.py"]),
        ({"PATH": ""}, None),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(environment, words):
    assert command(Path("app/a.py"), 7, environment) == words


def test_vs_code_is_taken_where_it_is_installed(tmp_path):
    (tmp_path / "code").write_text("#!/bin/sh\n")
    (tmp_path / "code").chmod(0o755)
    words = command(Path("a b.py"), 3, {"PATH": str(tmp_path), "EDITOR": "ed"})
    assert words == [str(tmp_path / "code"), "-g", "a b.py:3"]
