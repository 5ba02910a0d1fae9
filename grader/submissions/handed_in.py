"""Whatever somebody handed in -- a folder, an archive, a revision -- made into a folder with a clean app/."""

import os
import shutil
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from grader import markers
from grader.course import Chapter, UsageError
from grader.submissions import archives
from grader.submissions.intake import MOST_ENTRIES, NAME_CHARACTERS, Entry, Intake, UnusableError, read_regular, walk
from grader.submissions.repository import Repository


@dataclass(frozen=True)
class HandedIn:
    """What was taken in: where app/ was found, as the student knows it ("." at the top), and what was left out."""

    place: str
    notes: tuple[str, ...]


def places(chapter: Chapter) -> tuple[str, ...]:
    """Where app/ may be in a submission, best first."""
    return "", f"chapters/{chapter.slug}/", f"{chapter.slug}/"


def admit(path: Path, revision: str | None, chapter: Chapter, target: Path) -> HandedIn:
    """Take in a submission.

    Args:
        path: a folder, an archive or a git repository.
        revision: of the repository; None for what is not one.
        chapter: whose app/ is looked for; given files that are missing come from it.
        target: a folder that does not exist yet; app/ is made in it, empty when the submission is unusable.

    Raises:
        UsageError: there is no such submission or revision.
    """
    if not path.exists():
        raise UsageError(f"There is nothing at {path}.")
    if revision is not None and not path.is_dir():
        raise UsageError(f"{path} is no git repository; --rev is for those.")
    intake = Intake(target / "app")
    try:
        place, entries = found(path, revision, chapter)
        intake.offer_all(entries)
        intake.expect_python()
    except UnusableError as problem:
        return HandedIn(".", (f"nothing could be graded: {problem}", *intake.notes))
    return HandedIn(place, intake.notes + complete(chapter, target))


def found(path: Path, revision: str | None, chapter: Chapter) -> tuple[str, list[Entry]]:
    """Where app/ is, and its entries.

    Raises:
        UnusableError: there is none.
    """
    if revision is None and path.is_dir():
        return in_folder(path, chapter)
    if revision is not None:
        entries = Repository(path).entries(revision)
    else:
        try:
            entries = archives.entries(read_regular(path, archives.MOST_PACKED, flags=0))
        except OSError as problem:
            raise UnusableError(f"the archive cannot be read: {problem.strerror or problem}") from problem
    tops = {entry.name.partition("/")[0] for entry in entries} - {"__MACOSX"}
    tops_places = ("", *(f"{top}/" for top in tops if len(tops) == 1 and set(top) <= NAME_CHARACTERS))  # around all
    for place in [top + place for top in tops_places for place in places(chapter)]:
        inside = [
            replace(entry, name=entry.name.removeprefix(place))
            for entry in entries
            if entry.name.startswith(f"{place}app/")
        ]
        if inside:
            return place.rstrip("/") or ".", inside
    raise UnusableError(f"it holds neither app/ nor chapters/{chapter.slug}/app/")


def in_folder(path: Path, chapter: Chapter) -> tuple[str, list[Entry]]:
    """The same for a folder: a link on the way to app/ could lead to another's work."""
    for place in places(chapter):
        steps = [path / place / "app", *(path / place / "app").parents]
        app, way = steps[0], [step for step in steps if path in step.parents]
        if any(step.is_symlink() for step in way):
            raise UnusableError(f"{place}app is a link, or behind one")
        if app.is_dir():
            return place.rstrip("/") or ".", list(islice(walk(app), MOST_ENTRIES + 1))
    raise UnusableError(f"it holds neither app/ nor chapters/{chapter.slug}/app/")


def complete(chapter: Chapter, target: Path) -> tuple[str, ...]:
    """Put given files that are missing in their places: those in which a student writes nothing."""
    todo = {part.file for part in markers.parts(chapter.solution)}
    notes = []
    for source in sorted((chapter.solution / "app").rglob("*")):
        name = source.relative_to(chapter.solution).as_posix()
        wanted = source.is_file() and "__pycache__" not in source.parts and name not in todo
        if wanted and not os.path.lexists(target / name):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
            notes.append(f"{name} was missing; the one of the starter was used")
    return tuple(notes)
