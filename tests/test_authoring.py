"""What docs/authoring.md shows is done, in a copy of the repository, block by block."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from grader import course, starters
from grader.course import ROOT
from grader.proofs import documents

PAGE = ROOT / "docs" / "authoring.md"
IGNORED = shutil.ignore_patterns("__pycache__", "*.db*", ".mypy_cache")


@pytest.fixture
def copy(tmp):
    """A copy of what a chapter needs; the libraries' types are known already where this repository knows them."""
    for tree in ("grader", "solutions", "chapters"):
        shutil.copytree(ROOT / tree, tmp / tree, ignore=IGNORED)
    for chapter in course.chapters():  # in a student's clone the starters have been worked in
        starters.write(chapter, tmp / "chapters" / chapter.slug)
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp)
    (ROOT / ".mypy_cache").mkdir(exist_ok=True)
    (tmp / ".mypy_cache").symlink_to(ROOT / ".mypy_cache")
    return tmp


def run(root, command):
    """Run what a nox session runs."""
    session, _, rest = command.removeprefix("$ nox -s ").partition(" -- ")
    words = session.split("-", 1) if session.startswith("chapter-") else [session]
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": "", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "grader", *words, *rest.split()],
        cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def write(root, block):
    """Write, or write on, the file a block names."""
    name, more = re.search(r"file=(\S+)( append)?", block.info).groups()
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    with (root / name).open("a" if more else "w", encoding="utf-8") as file:
        file.write(block.text)


def test_everything_that_is_shown_is_done(copy):
    done = []
    for block in (block for there in documents.blocks(PAGE).values() for block in there):
        if "file=" in block.info:
            write(copy, block)
            continue
        for part in re.split(r"^(?=\$ )", block.text, flags=re.MULTILINE)[1:]:
            command, *wanted = part.strip("\n").splitlines()
            ran = run(copy, command)
            assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
            missing = [line for line in wanted if line not in ran.stdout]
            assert missing == [], f"{command}\n{ran.stdout}"
            done.append(command)
    assert len(done) == 8
    board = (copy / "tests/golden/mistakes/90/note-not-committed.txt").read_text("utf-8")
    assert "table notes: 0 rows" in board
    starter = (copy / "chapters/90_notes/app/main.py").read_text("utf-8")
    assert 'raise NotImplementedError("TODO 90.2")' in starter
