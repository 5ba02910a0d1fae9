"""Puts back what a chapter or a task began with, or the last version of it that passed."""

from pathlib import Path

from grader import starters
from grader.course import Chapter, UsageError, shown
from grader.day import backups, own
from grader.day.backups import KEPT, Backup
from grader.report import Outcome, Report


def chapter_files(chapter: Chapter, base: Path | None) -> dict[str, bytes]:
    """What a chapter's app/ is to hold: the starter's files, or those of the version `base`."""
    return starters.present(base) if base else starters.generate(chapter.solution)


def task_files(chapter: Chapter, task: str, base: Path | None) -> dict[str, bytes]:
    """What a chapter's app/ is to hold when one task is put back: only its parts change.

    Raises:
        UsageError: too much around them has changed.
    """
    files = starters.present(chapter.starter)
    wanted = chapter_files(chapter, base)
    for file in own.files_of(chapter, task):
        if file not in files:
            files[file] = wanted[file]
            continue
        solution = (chapter.solution / file).read_text("utf-8")
        lines = own.read(chapter.starter / file)
        there = own.places_in(solution, lines, file, task)
        instead = (
            [place.lines for place in own.places_in(solution, own.read(base / file), file, task)]
            if base
            else [place.starter for place in there]
        )
        for place, text in reversed(list(zip(there, instead, strict=True))):
            lines[place.start : place.start + len(place.lines)] = text
        files[file] = ("\n".join(lines) + "\n").encode()
    return files


def reset(chapter: Chapter, task: str = "", *, passing: bool = False) -> tuple[Backup | None, list[str]]:
    """Put a chapter or one of its tasks back.

    Args:
        chapter: which.
        task: "2.5", or "" for the whole chapter.
        passing: to the last version that passed, in place of the starter.

    Returns:
        The copy of what was there (None when it was like that already), and the files that changed.

    Raises:
        UsageError: it never passed; or nobody can tell where the task begins and ends.
    """
    base = passed_folder(chapter, task) if passing else None
    what = f"task {task}" if task else f"chapter {chapter.number}"
    if base and not (base / "app").is_dir():
        raise UsageError(f"No version in which {what} passed was kept; versions are kept whenever you grade your own.")
    files = task_files(chapter, task, base) if task else chapter_files(chapter, base)
    return backups.replace(chapter, files, f"before reset of {what}")


def passed_folder(chapter: Chapter, task: str) -> Path:
    """Where the last version is kept in which a task, or with "" the whole chapter, passed."""
    return chapter.root / KEPT / "passed" / (task or chapter.slug)


def keep_passed(chapter: Chapter, report: Report, tasks: tuple[str, ...]) -> None:
    """Keep a copy of the student's version for each task that passed in a grading of it, and for the chapter."""
    passed = [task for task in tasks if {check.outcome for check in report.of_task(task)} == {Outcome.PASSED}]
    for task in [*passed, *([""] if report.complete and not report.partial else [])]:
        folder = passed_folder(chapter, task)
        if starters.present(folder) != starters.present(chapter.starter):
            backups.copy(chapter, folder, {"chapter": chapter.slug, "why": f"{task or 'everything'} passed"})


def told(backup: Backup | None, changed: list[str], what: str) -> list[str]:
    """What to say afterwards."""
    if backup is None:
        return [f"Nothing to do: {what} is like that already."]
    return [
        f"{what} is back. Written: {', '.join(changed)}",
        f"What was there is in {shown(backup.folder)}",
        f"To get it back: nox -s undo -- {backup.name}",
    ]
