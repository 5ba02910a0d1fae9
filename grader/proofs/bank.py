"""The banks: wrong programs that must lose exactly what they name, and right ones that must lose nothing.

Both are small edits of a chapter's solution, in TOML: mistakes/NN_slug.toml and variations/NN_slug.toml.
"""

import tomllib
from collections import Counter
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from grader.course import ROOT, Chapter

GRADER = ROOT / "grader"


class BankError(ValueError):
    """An entry of a bank does not fit its solution any more."""


class Entry(BaseModel):
    """Part of the TOML."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Edit(Entry):
    """A change of one file: `old` (which occurs once) becomes `new`; or the whole file becomes `text`; or it goes."""

    file: str
    old: str = ""
    new: str = ""
    text: str | None = None
    delete: bool = False


class Mistake(Entry):
    """A wrong program."""

    id: str
    task: str
    source: str  # where learners are seen to make it: an entry of the catalogue, a tutorial, a question
    why: str  # why they make it
    loses: tuple[str, ...]  # exactly the checks that fail; those that wait for them are not named
    races: tuple[str, ...] = ()  # checks that it loses in most runs only: its golden board shows them as kept
    says: tuple[str, ...]  # what the board must tell the student
    edit: tuple[Edit, ...]
    elsewhere: str = ""  # why the line the board shows is not the edited one, where that helps more
    varies: tuple[str, ...] = ()  # what its board says anew each time: patterns, "it ran", "sockets", "it printed"


class Variation(Entry):
    """A right program that looks different."""

    id: str
    about: str
    edit: tuple[Edit, ...]


def _load(kind: str, chapter: Chapter) -> list[dict[str, object]]:
    """The entries of every file of a bank: NN_slug.toml, and NN_slug_more.toml where there is one."""
    entries: list[dict[str, object]] = []
    for path in sorted((GRADER / f"{kind}s").glob(f"{chapter.slug}*.toml")):
        entries += tomllib.loads(path.read_text("utf-8")).get(kind, [])
    double = [id_ for id_, count in Counter(entry.get("id") for entry in entries).items() if count > 1]
    if double:
        raise BankError(f"{chapter.slug}: more than one {kind} is called {double[0]}")
    return entries


def mistakes(chapter: Chapter) -> list[Mistake]:
    """The wrong programs of a chapter."""
    return [Mistake.model_validate(entry) for entry in _load("mistake", chapter)]


def variations(chapter: Chapter) -> list[Variation]:
    """The right programs of a chapter that look different."""
    return [Variation.model_validate(entry) for entry in _load("variation", chapter)]


def apply(entry: Mistake | Variation, chapter: Chapter, target: Path) -> None:
    """Write the solution with an entry's edits into a folder.

    Raises:
        BankError: an edit's `old` does not occur exactly once.
    """
    files = {
        path.relative_to(chapter.solution).as_posix(): path.read_text("utf-8")
        for path in (chapter.solution / "app").rglob("*")
        if path.is_file() and path.suffix in (".py", ".html", ".css", ".js") and "__pycache__" not in path.parts
    }
    for edit in entry.edit:
        if edit.delete:
            del files[edit.file]
        elif edit.text is not None:
            files[edit.file] = edit.text
        else:
            found = files.get(edit.file, "").count(edit.old)
            if found != 1:
                raise BankError(f"{entry.id}: {edit.old!r} occurs {found} times in {edit.file}")
            files[edit.file] = files[edit.file].replace(edit.old, edit.new)
    for name, text in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, "utf-8")
