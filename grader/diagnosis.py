"""What a framework's error means, in the words of the lesson: a table of signatures for each chapter.

The tables are suites/NN_slug/diagnosis.toml; a chapter also knows those of the chapters before it.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from grader.course import Chapter, chapters

AWAITED = re.compile(r"coroutine '([\w.<>]+)' was never awaited")
CREATED_AT = re.compile(r'File "([^"]+)", line (\d{1,6})')


class Concept(BaseModel):
    """One entry: how it is recognised, and what it says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    why: str  # names the concept, not the exception
    lesson: str  # an anchor of the lesson of the chapter whose table it is in
    type: str = ""  # patterns, searched: in the exception's qualified type,
    message: str = ""  # in its text,
    via: str = ""  # in the names of the functions it went through,
    warning: str = ""  # or, alone, in the text of a warning
    look: str = ""  # what defines the line to show, where it is another than the one the error passed through
    chapter: str = ""  # filled in: the slug

    def explains(self, record: dict[str, Any]) -> bool:
        """Whether a record of the life is of this kind."""
        if record.get("kind") == "warning":
            return bool(self.warning) and bool(re.search(self.warning, str(record.get("message", ""))))
        if self.warning:
            return False
        functions = " ".join(str(name) for name in record.get("via") or [])
        return (
            bool(re.search(self.type, str(record.get("type", ""))))
            and bool(re.search(self.message, str(record.get("message", "")), re.DOTALL))
            and bool(re.search(self.via, functions))
        )

    @property
    def place(self) -> str:
        """Where the lesson says more."""
        return f"chapters/{self.chapter}/README.md#{self.lesson}"


@cache
def _table(path: Path) -> tuple[Concept, ...]:
    if not path.is_file():
        return ()
    entries = tomllib.loads(path.read_text("utf-8"))["concept"]
    return tuple(Concept(**entry, chapter=path.parent.name) for entry in entries)


def concepts(chapter: Chapter) -> list[Concept]:
    """The entries a chapter knows: its own first."""
    known = [each for each in chapters() if each.number <= chapter.number]
    return [entry for each in reversed(known) for entry in _table(each.suite / "diagnosis.toml")]


def explain(records: Iterable[dict[str, Any]], chapter: Chapter) -> tuple[Concept, dict[str, Any]] | None:
    """The first record that an entry explains, with that entry."""
    table = concepts(chapter)
    for record in records:
        for entry in table:
            if entry.explains(record):
                return entry, record
    return None
