"""Reads the board of a mistake as a student would: is everything there, is it about their line, is it kind?"""

import ast
import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.board import TALLEST, first_failure
from grader.proofs.bank import Mistake
from grader.report import Line, Report

LABELS = ("we did", "expected", "got", "why", "next")
EXCEPTION = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Warning|Disconnect|Greenlet)\b")
NEAR = 1  # lines: what was left out is missed at its neighbours


def edited(solution: Path, folder: Path) -> dict[str, set[int]]:
    """The lines of a wrong program that are not the solution's: "app/crud.py" -> numbers from 1.

    The neighbours of what was left out count, the function around a change, and the head of its class: an error shows
    where it is met, a line or two further down.
    """
    found = {}
    for path in sorted((folder / "app").rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        original = solution / name
        old = original.read_text("utf-8").splitlines() if original.is_file() else []
        new = path.read_text("utf-8").splitlines()
        changed: set[int] = set()
        for kind, _, _, begin, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if kind != "equal":
                changed.update(range(begin + 1 - NEAR, end + 1 + NEAR))
        if changed:
            found[name] = changed | _around("\n".join(new), changed)
    return found


def _around(text: str, changed: set[int]) -> set[int]:
    """The lines of the functions, and the first lines of the classes, that hold a changed line."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            begin = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines = range(begin, (node.end_lineno or begin) + 1)
            if changed & set(lines):
                found |= {node.lineno} if isinstance(node, ast.ClassDef) else set(lines)
    return found


def block(board: str, title: str) -> list[str]:
    """The lines of the failure that is shown whole."""
    lines = board.splitlines()
    try:
        begin = next(number for number, line in enumerate(lines) if line.startswith(title))
    except StopIteration:
        return []
    end = next((number for number in range(begin, len(lines)) if not lines[number].strip()), len(lines))
    return lines[begin:end]


def _misplaced(entry: Mistake, line: Line | None, lines: Mapping[str, set[int]]) -> Iterator[str]:
    """Whether the line that is shown is one that was edited, or is said not to be."""
    astray = line is not None and line.number not in lines.get(line.path, set())
    if astray and line and not entry.elsewhere:
        yield f"your line is {line.path}:{line.number}, which was not edited; if that helps, say why: elsewhere = ..."
    if entry.elsewhere and not astray:
        yield "it says that the line shown lies elsewhere, and it does not"


def complaints(entry: Mistake, report: Report, board: str, lines: Mapping[str, set[int]]) -> Iterator[str]:
    """What a student could not read, or would be led astray by.

    Args:
        entry: the mistake.
        report: on it.
        board: as rendered.
        lines: those that were edited.
    """
    failure = first_failure(report)
    if failure is None or failure.finding is None:
        yield "no failure is shown whole"
        return
    shown = block(board, f"{failure.task}  ")
    labels = {re.split(r"\s{2,}", line.strip())[0] for line in shown}
    yield from (f"the board has no line {label!r}" for label in LABELS if label not in labels)
    if failure.finding.line and "your line" not in labels:
        yield "the board does not show the line it knows"
    if len(shown) > TALLEST:
        yield f"the failure takes {len(shown)} lines; {TALLEST} is the most"
    if named := EXCEPTION.search(failure.finding.why):
        yield f"why names an exception: {named[0]}"
    yield from _misplaced(entry, failure.finding.line, lines)
