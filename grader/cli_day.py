"""The commands of a student's day: reset, undo, progress and what else is not grading itself."""

import contextlib
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader import course
from grader.cli import app, look
from grader.cli import progress as heard_of
from grader.course import Chapter, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.board import Look
    from grader.compare import Pair

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


@app.command()
def diff(
    what: Annotated[list[str], typer.Argument(help="A chapter or a task: yours to the reference. Two chapters.")],
    begin: Annotated[str, typer.Option("--from", help="From 'starter': what you have changed.")] = "",
    submission: Annotated[Path | None, typer.Option(help="A folder that holds app/, in place of yours.")] = None,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", help="In two columns.")] = False,
) -> None:
    """Compare your version with the reference or the starter, or the references of two chapters."""
    from grader import compare

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
    from grader import compare, starters

    if begin not in {"", "starter"}:
        raise UsageError(f"--from knows the starter only, not {begin!r}.")
    if len(what) > 1 and (len(what) > 2 or begin or submission):
        raise UsageError("Name one chapter or one task; or two chapters, without options.")
    which, task = chapter_or_task(what[0])
    folder = course.submission(submission, which) if submission else which.starter
    if len(what) == 2:
        yield compare.versions(which.solution, course.chapter(what[1]).solution)
    elif task:
        yield compare.task(which, folder, task, starter=bool(begin))
    elif begin:
        with tempfile.TemporaryDirectory(prefix="wb-") as name:
            starters.write(which, Path(name))
            yield compare.versions(Path(name), folder)
    else:
        yield compare.versions(folder, which.solution)


@app.command()
def solution(task: Annotated[str, typer.Argument(help="Which task: 2.5.")]) -> None:
    """Show the reference's parts of one task, and why they are so."""
    from grader import explain as telling

    typer.echo(telling.solution(*course.task(task)))


@app.command()
def explain(task: Annotated[str, typer.Argument(help="Which task: 2.5.")]) -> None:
    """Grade one task, and write what a tutor needs to help you, without the solution, as Markdown."""
    from grader import explain as telling
    from grader import run
    from grader.progress import graded

    which, name = course.task(task)
    with heard_of() as heard:
        grading = partial(run.grade, which, which.starter, "student", tasks=(name,), heard=heard)
        report = graded(which, (name,), grading)
    typer.echo(telling.bundle(which, name, report))


@app.command()
def watch(
    what: Annotated[str, typer.Argument(help="A chapter (02) or a task (2.5); where you are when none is named.")] = "",
) -> None:
    """Check the task you are at whenever you save, on one screen; keys without Enter."""
    from grader import progress as memory
    from grader import watch as watching

    which, task = chapter_or_task(what) if what else (memory.current_chapter(course.chapters()), "")

    def looks(width: int) -> "Look":
        return replace(look(), width=min(width, 120))

    with contextlib.suppress(KeyboardInterrupt):
        watching.watch(which, task, looks, typer.echo)


@app.command()
def serve(
    number: Annotated[str, typer.Argument(help="Which chapter: 02.")],
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Where; 8000 or a free one otherwise.")] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open the page in your browser.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty database.")] = False,
) -> None:
    """Run your version of a chapter with uvicorn, to try it by hand: it starts again whenever you save."""
    import webbrowser

    from grader import serve as serving

    which = course.chapter(number)
    file = serving.database(which)
    for each in file.parent.glob(f"{file.name}*") if fresh else ():
        each.unlink(missing_ok=True)
    opened: list[str] = []

    def ready(address: str) -> None:
        if browse and not opened:
            opened.append(address)
            webbrowser.open(address)

    raise typer.Exit(serving.serve(which, port, typer.echo, ready))
