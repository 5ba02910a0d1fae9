"""The commands with which a student reads: differences, the reference of a task, a question for a tutor."""

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader import course
from grader.commands.cli import app, look
from grader.commands.cli import progress as heard_of
from grader.commands.day import chapter_or_task
from grader.course import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.day.compare import Pair


@app.command()
def diff(
    what: Annotated[list[str], typer.Argument(help="A chapter or a task: yours to the reference. Two chapters.")],
    begin: Annotated[str, typer.Option("--from", help="From 'starter': what you have changed.")] = "",
    submission: Annotated[Path | None, typer.Option(help="A folder that holds app/, in place of yours.")] = None,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", help="In two columns.")] = False,
) -> None:
    """Compare your version with the reference or the starter, or the references of two chapters."""
    from grader.day import compare

    drawing, anything = look(), False
    with difference(what, begin, submission) as pairs:
        columns = compare.side_by_side(pairs, drawing.width, colour=drawing.colour)
        for line in columns if side_by_side else compare.unified(pairs, colour=drawing.colour):
            anything = True
            typer.echo(line)
    if not anything:
        typer.echo("No difference.", err=True)


@contextlib.contextmanager
def difference(what: list[str], begin: str, submission: Path | None) -> "Iterator[Iterable[Pair]]":
    """What `diff` was asked to compare.

    Raises:
        UsageError: it makes no sense.
    """
    from grader.day import compare

    if begin not in {"", "starter"}:
        raise UsageError(f"--from knows the starter only, not {begin!r}.")
    if len(what) > 1 and (len(what) > 2 or begin or submission or "." in "".join(what)):
        raise UsageError("Name one chapter or one task; or two chapters, without options.")
    which, task = chapter_or_task(what[0])
    folder = course.submission(submission, which) if submission else which.starter
    if len(what) == 2:
        yield compare.versions(which.solution, course.chapter(what[1]).solution)
    elif task:
        yield compare.task(which, folder, task, starter=bool(begin))
    elif begin:
        yield compare.begun(which, folder)
    else:
        yield compare.versions(folder, which.solution)


@app.command()
def solution(task: Annotated[str, typer.Argument(help="Which task: 2.5.")]) -> None:
    """Show the reference's parts of one task, and why they are so."""
    from grader.day import explain as telling

    typer.echo(telling.solution(*course.task(task)))


@app.command()
def explain(task: Annotated[str, typer.Argument(help="Which task: 2.5.")]) -> None:
    """Grade one task, and write what a tutor needs to help you, without the solution, as Markdown."""
    from grader import run
    from grader.day import explain as telling
    from grader.day.progress import graded

    which, name = course.task(task)
    with heard_of() as heard:
        grading = partial(run.grade, which, which.starter, "student", tasks=(name,), heard=heard)
        report = graded(which, (name,), grading)
    typer.echo(telling.bundle(which, name, report))
