"""The commands of a student's day: reset, undo, progress and what else is not grading itself."""

from functools import partial
from typing import Annotated

import typer

from grader import course
from grader.cli import app, look
from grader.cli import progress as heard_of
from grader.course import Chapter

__all__ = ["app"]  # with the commands of this module

What = Annotated[str, typer.Argument(help="A chapter (02) or a task (2.5).")]


def chapter_or_task(name: str) -> tuple[Chapter, str]:
    """The chapter of "02" or "2.5", and the task, "" for the whole chapter."""
    return course.task(name) if "." in name else (course.chapter(name), "")


@app.command()
def reset(
    what: What,
    passing: Annotated[bool, typer.Option("--passing", help="To your last version that passed.")] = False,
) -> None:
    """Put a chapter, or the parts of one task, back to how they began; what is there is kept first."""
    from grader import reset as putting_back

    which, task = chapter_or_task(what)
    backup, changed = putting_back.reset(which, task, passing=passing)
    for line in putting_back.told(backup, changed, f"Task {task}" if task else f"Chapter {which.number}"):
        typer.echo(line)


@app.command()
def undo(
    name: Annotated[str, typer.Argument(help="Which backup; the latest when none is named.")] = "",
    show: Annotated[bool, typer.Option("--list", help="Only list the backups.")] = False,
) -> None:
    """Take back the last reset, start or undo; or put back the backup with this name."""
    from grader import backups
    from grader.reset import told

    if show:
        for each in backups.backups(course.ROOT):
            typer.echo(f"{each.name}  {each.why}")
        return
    backup, replaced, changed = backups.undo(course.ROOT, name)
    for line in told(replaced, changed, f"What was there {backup.why}"):
        typer.echo(line)


@app.command()
def progress(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Grade all that is begun again.")] = False,
) -> None:
    """Show all chapters and tasks on one page: done, changed since, wrong, to do."""
    from grader import progress as memory
    from grader import progress_page

    found = course.chapters()
    if rebuild:
        memory.memory_file(course.ROOT).unlink(missing_ok=True)
        for each in found:
            grade_begun(each)
    elif not memory.load(course.ROOT)[1]:
        typer.echo(
            "What was remembered cannot be read any more. Grade again what is begun: nox -s progress -- --rebuild"
        )
    page = {each: memory.states(each) for each in found}
    typer.echo(progress_page.render(page, look()), nl=False)
    now = memory.current_chapter(found)
    task = memory.current_task(now, page[now])
    typer.echo(f"\nGo on: nox -s watch -- {now.number}" + (f", at task {task}" if task else ", where all is done"))


def grade_begun(which: Chapter) -> None:
    """Grade the student's version of a chapter, unless it is not begun."""
    from grader import run
    from grader.markers import untouched
    from grader.progress import graded

    if untouched(which.solution, which.starter) >= set(which.tasks):
        return
    with heard_of() as heard:
        graded(which, (), partial(run.grade, which, which.starter, "student", heard=heard))
