"""The course, checked as a product: what each chapter must be before anybody learns from it.

Starters are generated afresh into a temporary folder, so that a student's own work is neither graded nor touched.
"""

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from grader import starters
from grader.board import state
from grader.course import ROOT, Chapter
from grader.day import succession
from grader.markers import Part, split
from grader.proofs import documented, documents
from grader.proofs.graded import graded
from grader.proofs.soundness_parts import bank_fits, every_check_is_killed, no_unknown_files, parts_agree
from grader.report import Report

POINTS = 100
LONGEST_FILE = 120  # lines of a solution
LONGEST_FUNCTION = 20  # lines of its body, without docstring and markers
STARTS = "import app.main"
SETTINGS, CACHE = str(ROOT / "pyproject.toml"), str(ROOT / ".mypy_cache")


@dataclass
class Work:
    """A chapter, and its starter made afresh."""

    chapter: Chapter
    starter: Path
    fresh: bool = False

    @cached_property
    def solved(self) -> Report:
        """The report on the solution."""
        return graded(self.chapter, self.chapter.solution, fresh=self.fresh)

    @cached_property
    def begun(self) -> Report:
        """The report on the starter."""
        return graded(self.chapter, self.starter, fresh=self.fresh)


def tool(folder: Path, *command: str) -> str:
    """What a tool of Python complains about in a folder; "" when it is content."""
    environment = os.environ | {"SECRET_KEY": "x" * 40}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()[-1500:] or f"status {done.returncode}"


def starter_is_to_do(work: Work) -> Iterator[str]:
    """the starter imports, every task is to do, and nothing passes by luck"""
    if problem := tool(work.starter, "-W", "error", "-c", STARTS):
        yield f"it does not import: {problem}"
    if work.begun.score != 0:
        yield f"it earns {work.begun.score} points"
    for task in work.begun.tasks:
        if (kind := state(work.begun, task)[0]) != "todo":
            yield f"task {task.id} is {kind}, not to do"


def starter_is_the_solution_outside_markers(work: Work) -> Iterator[str]:
    """the starter is the solution, but for what stands between markers"""
    for name, data in starters.present(work.starter).items():
        original = (work.chapter.solution / name).read_bytes()
        if not name.endswith(".py"):
            if data != original:
                yield f"{name} differs"
            continue
        rest = data.decode()
        for piece in split(original.decode(), name):
            lines = "\n".join(piece.starter if isinstance(piece, Part) else (piece,)) + "\n"
            if not rest.startswith(lines):
                yield f"{name} differs at: {lines.splitlines()[0]}"
                break
            rest = rest.removeprefix(lines)


def solution_passes(work: Work) -> Iterator[str]:
    """the solution earns every point, without a warning"""
    if problem := tool(work.chapter.solution, "-W", "error", "-c", STARTS):
        yield f"it does not import: {problem}"
    if work.solved.score != POINTS or not work.solved.complete:
        yield f"it earns {work.solved.score} of {work.solved.maximum} points"
        yield from (f"{check.id} is {check.outcome}" for check in work.solved.checks if check.earned != check.points)


def solution_has_style(work: Work) -> Iterator[str]:
    """the solution is formatted, linted and strictly typed"""
    app = str(work.chapter.solution / "app")
    for folder, command in (
        (ROOT, ("ruff", "format", "--check", app)),
        (ROOT, ("ruff", "check", "--quiet", app)),
        (work.chapter.solution, ("mypy", "--no-error-summary", "--config-file", SETTINGS, "--cache-dir", CACHE, "app")),
    ):
        if problem := tool(folder, "-m", *command):
            yield f"{command[0]}: {problem}"


def solution_is_small(work: Work) -> Iterator[str]:
    """every file has at most 120 lines, every function at most 20"""
    for path in sorted((work.chapter.solution / "app").rglob("*.py")):
        text = path.read_text("utf-8")
        if (count := len(text.splitlines())) > LONGEST_FILE:
            yield f"{path.name} has {count} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = {line for each in node.body[bool(ast.get_docstring(node)) :] for line in _code(each)}
                if len(lines) > LONGEST_FUNCTION:
                    yield f"{path.name}: {node.name} has {len(lines)} lines of code"


def _code(node: ast.AST) -> set[int]:
    """The lines something of a statement stands on: no comments, no empty lines."""
    return {
        line
        for each in ast.walk(node)
        if isinstance(each, ast.expr | ast.stmt)
        for line in (each.lineno, each.end_lineno or 0)
    }


Rule = Callable[[Work], Iterator[str]]
RULES: tuple[Rule, ...] = (
    starter_is_to_do, starter_is_the_solution_outside_markers, solution_passes, solution_has_style, solution_is_small,
)  # fmt: skip


OF_PARTS: tuple[Callable[[Chapter], Iterator[str]], ...] = (
    parts_agree, no_unknown_files, bank_fits, every_check_is_killed,
)  # fmt: skip


def examine(chapter: Chapter, *, fresh: bool = False) -> Iterator[tuple[str, list[str]]]:
    """Each rule in words, and what breaks it."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        work = Work(chapter, Path(folder, "starter"), fresh)
        starters.write(chapter, work.starter)
        for rule in RULES:
            yield rule.__doc__ or rule.__name__, list(rule(work))
    for each in OF_PARTS:
        yield each.__doc__ or each.__name__, list(each(chapter))


def forgotten(before: Chapter, after: Chapter) -> list[str]:
    """What one chapter taught and the starter of the next does not hold."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        starters.write(after, Path(folder))
        return [f"{what} is not there" for what in succession.forgotten(before.solution, Path(folder))]


def documents_hold(path: Path, commands: Mapping[str, Any]) -> Iterator[str]:
    """What of a document is not true."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        yield from (f"{line}: {said}" for line, said in documents.wrong_examples(path, Path(folder)).items())
    yield from (f"the link {link} leads nowhere" for link in documents.dead_links(path))
    yield from documented.wrong_commands(path, commands)
    yield from documented.wrong_names(path, commands)


def documents_checked(commands: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each document, and what of it is not true: its examples, links, commands, names."""
    for path in documents.documents():
        yield path.relative_to(ROOT).as_posix(), list(documents_hold(path, commands))
