"""Two versions of an app, side by side: a unified diff that leaves the markers out."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from grader.course import shown

MARKER_END = re.compile(r"^ *# <<<$")
COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
SUFFIXES = (".py", ".html")


def readable(path: Path) -> list[str]:
    """The lines of a file without what only the generator of starters reads."""
    if not path.is_file():
        return []
    lines = path.read_text("utf-8", "replace").splitlines()
    return [
        re.sub(r" >>>$", "", line) for line in lines if not MARKER_END.match(line) and not re.match(r" *#: ?", line)
    ]


def unified(left: Path, right: Path, *, colour: bool = False) -> Iterator[str]:
    """The lines of a unified diff between the app/ folders of two versions.

    Args:
        left: a folder that holds app/, the old side.
        right: the new side.
        colour: mark lines with the terminal's colours.
    """
    names = sorted(
        {
            path.relative_to(side).as_posix()
            for side in (left, right)
            for path in (side / "app").rglob("*")
            if path.suffix in SUFFIXES
        }
    )
    for name in names:
        old, new = left / name, right / name
        for line in difflib.unified_diff(readable(old), readable(new), shown(old), shown(new), lineterm=""):
            start = COLOURS.get(line[0], "") if colour else ""
            yield f"{start}{line}\x1b[0m" if start else line
