"""Right programs made by a machine: another shape, the same meaning."""

import ast
import os
import subprocess
import sys

import pytest

from grader.course import chapters
from grader.proofs import bank, reshape
from grader.proofs import reshape_tree as tree

MODULE = '''"""Doc."""

from typing import Annotated, Any

from app import crud
from app.models import User


def used(x: int | None) -> int:  # why
    """Doc."""
    if x:
        y = [z for z in range(x)]
        return len(y)
    return 0


def other(a: Annotated[int, 1] = used(2)) -> Any:
    try:
        return a + 1
    except ValueError as problem:
        raise problem


def third() -> int:
    value = used(None)
    return value


class C:
    """Doc."""

    def one(self) -> int:
        total = 1
        return total + 1

    def two(self) -> int:
        return 2
'''
STARTED = """
import os, pathlib, sys, warnings, fastapi.security, jose.jwt, passlib.hash, sqlalchemy.ext.asyncio
warnings.simplefilter("error")
for folder in sys.argv[1:]:
    if (child := os.fork()) == 0:
        os.chdir(folder)
        sys.path.insert(0, folder)
        import app.main
        app.main.app.openapi()
        pathlib.Path("started").touch()
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_comments_and_docstrings_go():
    text = reshape.without_comments(MODULE)
    assert "Doc" not in text
    assert "why" not in text
    assert reshape.without_comments('"""Only this."""\n').strip() == "pass"


def test_indentation_and_line_ends_change():
    lines = reshape.two_spaces(MODULE).split("\r\n")
    assert lines[0] == '\ufeff"""Doc."""'
    assert "    y = [z for z in range(x)]" in lines


def test_imports_become_relative():
    assert "from . import crud\nfrom .models import User" in reshape.relative(MODULE)


def test_none_is_optional():
    text = reshape.optional(MODULE)
    assert "x: Optional[int]" in text
    assert text.splitlines()[1] == "from typing import Optional"
    assert reshape.optional("x = a | b\n") == "x = a | b\n"


def test_typing_is_named_in_full():
    text = reshape.aliased(MODULE)
    assert "typing.Annotated[int, 1]" in text
    assert "-> typing.Any" in text
    assert reshape.aliased("x = 1\n") == "x = 1\n"


def test_locals_are_renamed_and_nothing_else():
    text = tree.locals_renamed(MODULE)
    assert "my_y = [my_z for my_z in range(x)]" in text
    assert "except ValueError as my_problem:\n        raise my_problem" in text
    assert "def used(x: int | None)" in text
    assert "my_total = 1\n        return my_total + 1" in text


def test_functions_change_places_unless_one_needs_the_other_at_once():
    text = tree.functions_reversed(MODULE)
    assert text.index("def used") < text.index("def third") < text.index("def other") < text.index("class C")
    assert text.index("def two") < text.index("def one")


def test_results_get_a_name():
    text = tree.results_named(MODULE)
    assert "the_result = len(y)\n        return the_result" in text
    assert "return 0" in text


def test_conditions_are_turned():
    assert "if not x:\n        pass\n    else:" in tree.turned_conditions(MODULE)


@pytest.mark.parametrize("change", [change for _, change in reshape.KINDS.values()], ids=list(reshape.KINDS))
def test_every_change_gives_a_module_that_is_read_alike(change):
    names = {node.name for node in ast.walk(ast.parse(change(MODULE).lstrip("\ufeff"))) if hasattr(node, "name")}
    assert {"used", "other", "third", "C", "one", "two"} <= names


@pytest.mark.parametrize("each", chapters(), ids=lambda chapter: chapter.slug)
def test_every_chapter_has_at_least_eight_kinds_that_all_start(each, tmp_path):
    found = reshape.variations(each)
    assert len(found) >= 8
    assert len({entry.id for entry in found} | {entry.id for entry in bank.variations(each)}) == len(found) + len(
        bank.variations(each)
    )
    for entry in found:
        bank.apply(entry, each, tmp_path / entry.id)
    folders = [str(tmp_path / entry.id) for entry in found]
    command = [sys.executable, "-c", STARTED, *folders]
    environment = os.environ | {"SECRET_KEY": "x" * 40}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.stderr == ""
    assert [entry.id for entry in found if not (tmp_path / entry.id / "started").exists()] == []
