"""Two versions of an app, or of one task, beside each other; the markers are left out."""

import difflib
import re
import tempfile
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from grader import starters
from grader.course import Chapter, UsageError, shown
from grader.day import own

MARKER_END = re.compile(r"^ *# <<<$")
COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m", "<": "\x1b[31m", ">": "\x1b[32m", "|": "\x1b[33m"}
SUFFIXES = (".py", ".html")
MIDDLE = 3  # columns between two sides
CONTEXT = 3  # lines that are the same, around those that are not


class Pair(NamedTuple):
    """Two texts to compare, and what they are called."""

    left: str
    right: str
    old: list[str]
    new: list[str]


def clean(lines: Iterable[str]) -> list[str]:
    """Lines without what only the generator of starters reads."""
    return [
        re.sub(r" >>>$", "", line) for line in lines if not MARKER_END.match(line) and not re.match(r" *#: ?", line)
    ]


def readable(path: Path) -> list[str]:
    """The lines of a file as a reader wants them; none when there is no such file."""
    return clean(own.read(path)) if path.is_file() else []


def begun(chapter: Chapter, folder: Path) -> Iterator[Pair]:
    """The files of a starter, and of a version of its chapter."""
    with tempfile.TemporaryDirectory(prefix="wb-") as name:
        starters.write(chapter, Path(name))
        for pair in versions(Path(name), folder):
            yield pair._replace(left=f"{Path(pair.left).relative_to(name)} as it began")


def versions(left: Path, right: Path) -> Iterator[Pair]:
    """The files of two folders that hold app/."""
    names = sorted(
        {
            path.relative_to(side).as_posix()
            for side in (left, right)
            for path in (side / "app").rglob("*")
            if path.suffix in SUFFIXES
        }
    )
    for name in names:
        yield Pair(shown(left / name), shown(right / name), readable(left / name), readable(right / name))


def task(chapter: Chapter, folder: Path, name: str, *, starter: bool = False) -> Iterator[Pair]:
    """The parts of one task: a version's to the reference, or the starter's to that version.

    Where too much around them has changed it is the whole files that hold them.
    """
    try:
        places = own.places(chapter, folder, name)
    except UsageError:
        files = own.files_of(chapter, name)
        whole = begun(chapter, folder) if starter else versions(folder, chapter.solution)
        yield from (pair for pair in whole if any(f"/{pair.right}".endswith(f"/{file}") for file in files))
        return
    for place in places:
        mine = (f"{shown(folder)}/{place.where}", clean(place.lines))
        first = (f"{place.part.file} as it began", list(place.starter))
        part = place.part
        reference = (f"{shown(chapter.solution)}/{part.file}:{part.line}", [*part.todo, *part.answer])
        (left, old), (right, new) = (first, mine) if starter else (mine, reference)
        yield Pair(left, right, old, new)


def folded(text: str, width: int) -> list[str]:
    """A line in pieces that fit."""
    return [text[begin : begin + width] for begin in range(0, max(len(text), 1), width)]


def coloured(line: str, sign: str, *, colour: bool) -> str:
    """A line in the colour of its sign."""
    start = COLOURS.get(sign, "") if colour else ""
    return f"{start}{line}\x1b[0m" if start else line


def unified(pairs: Iterable[Pair], *, colour: bool = False) -> Iterator[str]:
    """The lines of a unified diff."""
    for pair in pairs:
        for line in difflib.unified_diff(pair.old, pair.new, pair.left, pair.right, lineterm="", n=CONTEXT):
            yield coloured(line, line[0], colour=colour)


def side_by_side(pairs: Iterable[Pair], width: int, *, colour: bool = False) -> Iterator[str]:
    """The lines of a diff in two columns: "<" was there, ">" came, "|" is different.

    Args:
        pairs: what to compare.
        width: of both columns, in characters; what is longer goes on in the next line.
        colour: mark lines with the terminal's colours.
    """
    half = (width - MIDDLE) // 2
    for pair in pairs:
        groups = list(difflib.SequenceMatcher(None, pair.old, pair.new).get_grouped_opcodes(CONTEXT))
        if groups:
            yield coloured(f"{pair.left[-half:]:<{half}}   {pair.right[-half:]}", "@", colour=colour)
        for group in groups:
            for kind, a, b, c, d in group:
                old, new = pair.old[a:b], pair.new[c:d]
                for number in range(max(len(old), len(new))):
                    both = [side[number] if number < len(side) else None for side in (old, new)]
                    sign = " " if kind == "equal" else "<" if both[1] is None else ">" if both[0] is None else "|"
                    columns = (folded((text or "").expandtabs(4), half) for text in both)
                    for left, right in zip_longest(*columns, fillvalue=""):
                        yield coloured(f"{left:<{half}} {sign} {right}".rstrip(), sign, colour=colour)
            yield ""
