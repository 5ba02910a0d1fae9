"""The command line: `python -m grader ...`. The sessions of nox are thin over it."""

import contextlib
import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader import course
from grader.course import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grader.board import Look
    from grader.report import CheckResult

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True, help=__doc__)

Json = Annotated[
    Path | None, typer.Option("--json", help="Write the report for machines to this file ('-': the terminal).")
]


@app.callback()
def main() -> None:
    """Grade chapters of the workbook."""


@app.command()
def chapter(
    number: Annotated[str, typer.Argument(help="Which chapter: 01.")],
    solution: Annotated[bool, typer.Option("--solution", help="Grade the reference solution.")] = False,
    submission: Annotated[Path | None, typer.Option(help="Grade a folder that holds app/ (or chapters/).")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Only this task and what it needs: 1.8.")] = None,
    json: Json = None,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show your own frames of an error.")] = False,
    workers: Annotated[int | None, typer.Option(help="Processes that share the checks: 1 or 2.", hidden=True)] = None,
    known: Annotated[
        Path | None, typer.Option(help="With --submission: a report on it, with checks not to run.", hidden=True)
    ] = None,
    ask: Annotated[
        list[str] | None, typer.Option(help="With --submission: run this check; others pass unseen.", hidden=True)
    ] = None,
) -> None:
    """Grade a chapter: your own version, unless told otherwise."""
    which = course.chapter(number)
    if solution and submission:
        raise UsageError("Say either --solution or --submission, not both.")
    folder = course.submission(submission, which) if submission else which.solution if solution else which.starter
    if not (folder / "app").is_dir():
        raise UsageError(
            f"There is no {course.shown(folder)}/app; git can bring it back: git checkout -- {course.shown(folder)}"
        )
    tasks = tuple(course.task(name, which)[1] for name in task or ())
    source = "submission" if submission else "solution" if solution else "student"

    from grader import board, run
    from grader.day import failures
    from grader.day.progress import graded
    from grader.report import Report

    said = Report.from_json(known.read_bytes()).checks if known and submission else ()
    with progress() as heard:
        grading = partial(
            run.grade, which, folder, source, tasks=tasks, workers=workers, heard=heard, known=said,
            asked=ask if ask and submission else (),
        )  # fmt: skip
        report = graded(which, tasks, grading) if source == "student" else grading()
    if source == "student":
        failures.remember(which, report)
    if json and str(json) == "-":
        sys.stdout.write(report.to_json())
    else:
        sys.stdout.write(board.render(report, look(traceback=traceback)))
    if json and str(json) != "-":
        write(json, report.to_json())
    raise typer.Exit(report.exit_status)


@app.command()
def hint(
    task: Annotated[str, typer.Argument(help="Which task: 1.8.")],
    step: Annotated[int | None, typer.Argument(help="Which step: 1, 2 or 3.")] = None,
) -> None:
    """Show a hint: the first step, or the one after the last you saw."""
    from grader.day import hints

    which, name = course.task(task)
    typer.echo(hints.tell(which, name, step))


@contextlib.contextmanager
def progress() -> "Iterator[Callable[[CheckResult], None]]":
    """A line that says how far we are, where somebody can see it; gone in the end."""
    if not sys.stderr.isatty():
        yield lambda _result: None
        return
    done = 0

    def heard(result: "CheckResult") -> None:
        nonlocal done
        done += 1
        sys.stderr.write(f"\r{done} checks done, the last: {result.id}\x1b[K")
        sys.stderr.flush()

    try:
        yield heard
    finally:
        sys.stderr.write("\r\x1b[K")


def look(*, traceback: bool = False) -> "Look":
    """How to draw, from the terminal we are in."""
    from grader import board

    terminal = sys.stdout.isatty()
    colour = terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    width = shutil.get_terminal_size((100, 24)).columns
    return board.Look(min(width, 120), colour or "FORCE_COLOR" in os.environ, encoding.startswith("utf"), traceback)


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(text, "utf-8")
        partial.replace(path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{path} could not be written: {problem.strerror}.") from problem
