"""Mutants: the solution with one small thing changed by a machine, in a part that students write.

Text is replaced, never the tree unparsed, so that a mutant differs from the solution in one place only.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.course import Chapter
from grader.markers import END, Part, parts
from grader.proofs.mutation_kinds import Source, changes

TYPES = frozenset({"annotation", "returns", "slice"})
WHOLE = ("drop decorator", "drop column", "drop except", "negate")  # named by what goes, not by what it stands in
LONGEST = 60  # characters of a name


@dataclass(frozen=True)
class Mutant:
    """One change."""

    id: str  # "crud.create_user: drop statement db.rollback()"
    task: str
    file: str
    line: int
    text: str  # of the whole file


def _is_switch(node: ast.AST, child: ast.AST) -> bool:
    """Whether it is the True of a keyword: to leave the keyword out says the same."""
    return isinstance(node, ast.keyword) and isinstance(child, ast.Constant) and child.value is True


def _inside(node: ast.AST, within: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of what it stands in; of annotations only the calls, of f-strings no insides."""
    for name, value in ast.iter_fields(node):
        if name in TYPES and isinstance(value, ast.AST):
            for call in (each for each in ast.walk(value) if isinstance(each, ast.Call)):
                yield within, call
                yield from _inside(call, within)
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_switch(node, child):
                continue
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            where = f"{within}.{getattr(child, 'name', '')}" if named else within
            yield where, child
            if not isinstance(child, ast.JoinedStr):
                yield from _inside(child, where)


def _lines(part: Part, text: str) -> range:
    """The lines of a part that students write."""
    lines = text.splitlines()
    begin = part.line + len(part.todo)
    end = next(number for number in range(begin, len(lines) + 1) if lines[number - 1].strip() == END)
    return range(begin, end)


def _differs(changed: str, original: str) -> bool:
    """Whether a text is Python, and another tree."""
    try:
        return ast.dump(ast.parse(changed)) != original
    except SyntaxError:
        return False


def of_file(path: Path, file: str, marked: list[Part]) -> Iterator[Mutant]:
    """The mutants of one file."""
    text = path.read_text("utf-8")
    source = Source(text)
    owner: dict[int, str] = {}
    for part in marked:
        owner |= dict.fromkeys(_lines(part, text), part.task)
    original, seen, made = ast.dump(source.tree), Counter[str](), {text}
    for where, node in _inside(source.tree):
        for kind, target, new in changes(node, source):
            line = getattr(target, "lineno", 0)
            if line not in owner:
                continue
            changed = source.replaced(target, new)
            if changed in made or not _differs(changed, original):
                continue
            made.add(changed)
            old = " ".join(source.of(target if kind.startswith(WHOLE) else node).split())[:LONGEST]
            name = f"{path.stem}{where}: {kind} {old}"
            seen[name] += 1
            name += f" #{seen[name]}" if seen[name] > 1 else ""
            yield Mutant(name, owner[line], file, line, changed)


def mutants(chapter: Chapter) -> list[Mutant]:
    """Every mutant of a chapter, file by file."""
    marked = parts(chapter.solution)
    return [
        mutant
        for file in dict.fromkeys(part.file for part in marked)
        for mutant in of_file(chapter.solution / file, file, [part for part in marked if part.file == file])
    ]
