"""Where the student's own text of a task stands: between the lines that frame it in the starter.

The frame are the given lines and the TODO comments; a student may change any of them, and what is left is aligned.
"""

import difflib
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

from grader.course import Chapter, UsageError
from grader.markers import Part, parts, split


@dataclass(frozen=True)
class Place:
    """The student's version of one marked part."""

    part: Part
    start: int  # its first line, from 0
    lines: tuple[str, ...]  # as the student has them, the TODO included if it is still there
    starter: tuple[str, ...]  # what the starter has there

    @property
    def where(self) -> str:
        """As an editor knows it: "app/crud.py:31"."""
        return f"{self.part.file}:{self.start + 1}"


@dataclass(frozen=True)
class Framed:
    """A part, and which lines of the frame are its TODO: frame[begin:end]; the stub stands before frame[end]."""

    part: Part
    begin: int
    end: int


def frame_of(text: str, file: str) -> tuple[list[str], list[Framed]]:
    """The frame of a solution's file, and its parts."""
    frame: list[str] = []
    found: list[Framed] = []
    for piece in split(text, file):
        if isinstance(piece, str):
            frame.append(piece)
        else:
            found.append(Framed(piece, len(frame), len(frame) + len(piece.todo)))
            frame += piece.todo
    return frame, found


def aligned(frame: list[str], own: list[str]) -> dict[int, int]:
    """The lines of the frame that are still there: number in the frame -> number in `own`; with both ends.

    Blank lines look all the same: they are found by their neighbours.
    """
    ours, theirs = ([number for number, line in enumerate(lines) if line.strip()] for lines in (frame, own))
    matcher = difflib.SequenceMatcher(None, [frame[n] for n in ours], [own[n] for n in theirs], autojunk=False)
    kept = {
        ours[block.a + step]: theirs[block.b + step]
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    }
    kept |= {-1: -1, len(frame): len(own)}
    for step in (-1, 1):
        taken = set(kept.values())
        for number, line in list(kept.items())[::step]:
            there, here = number + step, line + step
            while blank(frame, there) and blank(own, here) and there not in kept and here not in taken:
                kept[there] = here
                there, here = there + step, here + step
    return kept


def blank(lines: list[str], number: int) -> bool:
    """Whether there is such a line and nothing in it."""
    return 0 <= number < len(lines) and not lines[number].strip()


def places_in(text: str, own: list[str], file: str, task: str) -> list[Place]:
    """The places of a task's parts in one file.

    Args:
        text: the solution's file.
        own: the lines of the student's.
        file: its name: "app/crud.py".
        task: "1.8".

    Raises:
        UsageError: too much around a part has changed to tell where it begins and ends.
    """
    frame, framed = frame_of(text, file)
    kept = aligned(frame, own)
    numbers = sorted(kept)
    found = []
    for each in framed:
        if each.part.task != task:
            continue
        above = each.begin if each.begin in kept else numbers[bisect_left(numbers, each.begin) - 1]
        below = numbers[bisect_left(numbers, each.end)]
        if any(above < other.end <= below for other in framed if other is not each):
            raise UsageError(
                f"So much has changed around task {task} in {file} that nobody can tell where it begins and ends. "
                f"With its line `# TODO {task}: ...` back where it began one can. "
                f"The whole chapter is put back by nox -s reset -- {int(task.partition('.')[0]):02}"
            )
        start = kept[above] + (above != each.begin)
        starter = (*frame[above + 1 : each.begin], *each.part.starter, *frame[each.end : below])
        found.append(Place(each.part, start, tuple(own[start : kept[below]]), starter))
    return found


def places(chapter: Chapter, folder: Path, task: str) -> list[Place]:
    """Where the parts of a task stand in one version of a chapter; a file that is gone has none.

    Args:
        chapter: whose task.
        folder: the version: a folder that holds app/.
        task: "1.8".

    Raises:
        UsageError: too much around them has changed.
    """
    return [
        place
        for file in files_of(chapter, task)
        if (folder / file).is_file()
        for place in places_in((chapter.solution / file).read_text("utf-8"), read(folder / file), file, task)
    ]


def files_of(chapter: Chapter, task: str) -> list[str]:
    """The files that hold a task's parts."""
    return list(dict.fromkeys(part.file for part in parts(chapter.solution) if part.task == task))


def read(path: Path) -> list[str]:
    """The lines of a student's file, whatever is in it."""
    return path.read_text("utf-8", "replace").splitlines()
