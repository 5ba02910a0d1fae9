"""The commands of a student's day: reset, undo, progress and what else is not grading itself."""

import contextlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from grader import course
from grader.commands.cli import app, look
from grader.commands.cli import progress as heard_of
from grader.course import Chapter, UsageError

if TYPE_CHECKING:
    from grader.board import Look


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
    from grader.day import reset as putting_back

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
    from grader.day import backups
    from grader.day.reset import told

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
    from grader.day import progress as memory
    from grader.day import progress_page

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
    from grader.day.progress import graded
    from grader.markers import untouched

    if untouched(which.solution, which.starter) >= set(which.tasks):
        return
    with heard_of() as heard:
        graded(which, (), partial(run.grade, which, which.starter, "student", heard=heard))


@app.command()
def watch(
    what: Annotated[str, typer.Argument(help="A chapter (02) or a task (2.5); where you are when none is named.")] = "",
) -> None:
    """Check the task you are at whenever you save, on one screen; keys without Enter."""
    from grader.day import progress as memory
    from grader.day import watch as watching

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

    from grader.day import serve as serving

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


@app.command()
def start(
    number: Annotated[str, typer.Argument(help="Which chapter: 02.")],
    mine: Annotated[bool, typer.Option("--mine", help="With your own code of the chapter before.")] = False,
    reference: Annotated[bool, typer.Option("--reference", help="With the reference of the chapter before.")] = False,
    show: Annotated[bool, typer.Option("--compare", help="Only show what --mine would change.")] = False,
) -> None:
    """Begin a chapter with the reference of the one before, or your own code where it fits; with no option say what there is."""
    from grader import starters
    from grader.day import compare
    from grader.day import start as starting
    from grader.day.reset import told

    which = course.chapter(number)
    earlier = starting.before(which, course.chapters())
    if mine + reference + show > 1:
        raise UsageError("Say one of --mine, --reference and --compare.")
    if not (mine or reference or show):
        typer.echo("\n".join(starting.choices(which, earlier)))
        return
    files, kept = (starters.generate(which.solution), []) if reference else starting.merged(which, earlier)
    lines = (
        list(compare.unified(starting.compared(which, files), colour=look().colour))
        if show
        else told(*starting.begin(which, files), f"Chapter {which.number}")
    )
    for line in lines:
        typer.echo(line)
    if kept:
        typer.echo(f"As it came, since the chapter changes the same lines as you did: {', '.join(kept)}")


@app.command()
def doctor() -> None:
    """Look at the machine and the set-up, and say how to mend what is wrong; nothing is changed."""
    from grader.day import doctor as examining

    found = list(examining.examine(course.ROOT))
    typer.echo(examining.render(found, look()), nl=False)
    raise typer.Exit(0 if all(each.good for each in found) else 1)


@app.command()
def welcome() -> None:
    """Say where you are, and what to do next."""
    from grader.day import progress_page

    typer.echo(progress_page.welcome(course.chapters()))
