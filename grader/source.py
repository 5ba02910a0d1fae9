"""Finds a line of the student's: by the frame of an error, or by the name of a function."""

import re
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

from grader.markers import BEGIN
from grader.report import Line
from grader.scrub import scrub

LONGEST_LINE = 100


def files(folder: Path) -> dict[str, Path]:
    """The Python files of a submission (a folder that holds app/), in order, by the name a student knows: "app/crud.py"."""
    return {path.relative_to(folder).as_posix(): path for path in sorted((folder / "app").rglob("*.py"))}


def definition(folder: Path, name: str, likely: Container[str] = ()) -> Line | None:
    """Where a function or class is defined: "create_user", or "User.email" for a line within a class.

    Searched as text: a file that is no Python any more has lines too.

    Args:
        folder: holds app/.
        name: what is defined.
        likely: the files to look in first: "app/crud.py". After them come those with a TODO: the others are given.
    """
    outer, _, inner = name.partition(".")
    pattern = re.compile(rf"^\s*(?:async\s+def|def|class)\s+{re.escape(outer)}\b|^{re.escape(outer)}\s*[:=]")
    texts = {file: path.read_text("utf-8", "replace") for file, path in files(folder).items()}
    for file, text in sorted(texts.items(), key=lambda each: (each[0] not in likely, "# TODO " not in each[1])):
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            if pattern.match(line):
                place = (_within(lines, number, inner) if inner else None) or (number, line)
                return Line(path=file, number=place[0], text=scrub(place[1], LONGEST_LINE))
    return None


def todo(folder: Path, task: str) -> str:
    """Where the first TODO of a task stands, rather one under which nothing is written yet: "app/crud.py:14"; or ""."""
    places = []
    for file, path in files(folder).items():
        lines = path.read_text("utf-8", "replace").splitlines()
        for number, text in enumerate(lines, 1):
            if text.lstrip().startswith(f"# TODO {task}:"):
                rest = (each.strip() for each in lines[number:] if not each.lstrip().startswith("#"))
                places.append((next(rest, "") != f'raise NotImplementedError("TODO {task}")', f"{file}:{number}"))
    return min(places, key=lambda place: place[0], default=(False, ""))[1]


def owner(lines: Sequence[str], number: int) -> str:
    """The task whose TODO stands above line `number` (from 1) in the same block, or ""."""
    indent = len(lines[number - 1])
    for text in reversed(lines[:number]):
        begun = BEGIN.match(text)
        if begun and len(begun["indent"]) <= indent:
            return begun["task"]
        if text.strip() and not text.lstrip().startswith("#"):
            indent = min(indent, len(text) - len(text.lstrip()))
        if indent == 0:
            break
    return ""


def _within(lines: list[str], start: int, word: str) -> tuple[int, str] | None:
    indent = len(lines[start - 1]) - len(lines[start - 1].lstrip())
    for number, text in enumerate(lines[start:], start + 1):
        if text.strip() and len(text) - len(text.lstrip()) <= indent and not text.lstrip().startswith((")", "#")):
            return None
        if re.search(rf"\b{re.escape(word)}\b", text) and not text.lstrip().startswith(("#", '"')):
            return number, text
    return None


def frame(record: dict[str, Any]) -> Line | None:
    """The innermost line of the student's in an error the recorder saw."""
    try:
        path, number, _, text = record["frames"][-1]
        return Line(path=scrub(str(path), 120), number=int(number), text=scrub(str(text), LONGEST_LINE))
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def named(record: dict[str, Any]) -> str:
    """An error as the last line of its traceback names it, its type without the modules."""
    kind, message = str(record.get("type", "")).rpartition(".")[2], str(record.get("message", ""))
    return f"{kind}: {message}" if message else kind


def traceback(record: dict[str, Any]) -> str:
    """The student's own frames of an error, as Python would write them."""
    lines = []
    for each in record.get("frames") or []:
        try:
            path, number, function, text = each
        except (TypeError, ValueError):
            continue
        lines.append(scrub(f"{path}:{number} in {function or 'module'}: {str(text).strip()}", 200))
    return "\n".join(lines)
