"""Task markers in a solution: which part a student writes, and what the starter shows in its place.

# TODO 1.6: create every table that Base knows about. >>>
#: stub lines for the starter; without any, `raise NotImplementedError("TODO 1.6")`
Base.metadata.create_all(engine)
# <<<
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BEGIN = re.compile(r"(?P<indent> *)# TODO (?P<task>[0-9]+\.[0-9]+): ")
STUB = re.compile(r" *#: ?")
END = "# <<<"


class MarkerError(ValueError):
    """A marker that is not closed, or does not begin."""


@dataclass(frozen=True)
class Part:
    """One marked part of a file."""

    task: str
    file: str  # "app/crud.py"
    line: int  # of the TODO in the solution, from 1
    todo: tuple[str, ...]  # the comment, as the starter has it
    stub: tuple[str, ...]
    answer: tuple[str, ...]

    @property
    def starter(self) -> tuple[str, ...]:
        """The lines that stand in the starter."""
        return self.todo + self.stub


def _part(lines: list[str], begin: int, file: str) -> tuple[Part, int]:
    """The part whose TODO is line `begin` (from 0), and the line after its end."""
    opened = BEGIN.match(lines[begin])
    if opened is None:
        raise MarkerError(f"{file}:{begin + 1}: no TODO begins here")
    indent, task = opened["indent"], opened["task"]
    last = begin
    while not lines[last].endswith(" >>>"):
        last += 1
        if last == len(lines) or not lines[last].startswith(f"{indent}#"):
            raise MarkerError(f"{file}:{begin + 1}: the TODO has no line that ends with >>>")
    try:
        end = next(number for number in range(last + 1, len(lines)) if lines[number] == f"{indent}{END}")
    except StopIteration:
        raise MarkerError(f"{file}:{begin + 1}: the part is not closed by {END}") from None
    inside = lines[last + 1 : end]
    stubs = [line for line in inside if line.startswith(f"{indent}#:")]
    stub = [indent + STUB.sub("", line, count=1) for line in stubs] or [
        f'{indent}raise NotImplementedError("TODO {task}")'
    ]
    todo = (*lines[begin:last], lines[last].removesuffix(" >>>"))
    answer = tuple(line for line in inside if line not in stubs)
    return Part(task, file, begin + 1, todo, tuple(line.rstrip() for line in stub), answer), end + 1


def split(text: str, file: str) -> Iterator[str | Part]:
    """The lines and the marked parts of a solution file, in order.

    Raises:
        MarkerError: a marker is broken.
    """
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        if BEGIN.match(lines[number]):
            part, number = _part(lines, number, file)
            yield part
        elif lines[number].strip() == END or lines[number].endswith(" >>>"):
            raise MarkerError(f"{file}:{number + 1}: a marker without its other half")
        else:
            yield lines[number]
            number += 1


def starter_text(text: str, file: str) -> str:
    """A solution file as the student gets it."""
    lines: list[str] = []
    for piece in split(text, file):
        lines += [piece] if isinstance(piece, str) else piece.starter
    return "\n".join(lines) + "\n"


def parts(solution: Path) -> list[Part]:
    """Every marked part of a solution (a folder that holds app/)."""
    return [
        piece
        for path in sorted((solution / "app").rglob("*.py"))
        for piece in split(path.read_text("utf-8"), path.relative_to(solution).as_posix())
        if isinstance(piece, Part)
    ]


def _squeezed(lines: tuple[str, ...] | list[str]) -> str:
    return "\n" + "\n".join(line.strip() for line in lines if line.strip()) + "\n"


def _reached(text: str) -> list[str]:
    """The lines of a file, without a stub that stands right behind a `return` of its own block: it was left behind."""
    lines: list[str] = []
    before = ""  # the last line of code
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if line.lstrip().startswith("raise NotImplementedError(") and re.match(rf"{indent}return\b", before):
            continue
        lines.append(line)
        if line.strip() and not line.lstrip().startswith("#"):
            before = line
    return lines


def untouched(solution: Path, submission: Path) -> set[str]:
    """The tasks of which a part is still the starter's own text in a submission (a folder that holds app/)."""
    found = set()
    for part in parts(solution):
        file = submission / part.file
        if file.is_file() and _squeezed(part.starter) in _squeezed(_reached(file.read_text("utf-8", "replace"))):
            found.add(part.task)
    return found
