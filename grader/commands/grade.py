"""The commands for CI: grade what somebody handed in, make the bundle for Gradescope, and fuzz what reads a stranger's bytes."""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from grader import course
from grader.commands.cli import app, look, progress
from grader.course import UsageError

LEVELS = ("namespaces", "landlock", "practice")


@app.command()
def grade(
    number: Annotated[str, typer.Argument(help="Which chapter: 02.")],
    submission: Annotated[Path, typer.Option(help="A folder, a .zip, a .tar, a .tar.gz, or a git repository.")],
    rev: Annotated[str | None, typer.Option(help="The revision of a git repository.")] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the reports.")] = None,
    require: Annotated[str | None, typer.Option(help="This level or none: namespaces, landlock or practice.")] = None,
    formats: Annotated[str | None, typer.Option(help="Only these, as in json,junit. All when not given.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Only this task and what it needs: 2.5.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that share the checks: 1 or 2.", hidden=True)] = 1,
) -> None:
    """Grade what somebody handed in and nobody has read; the program is confined, or nothing is graded."""
    which = course.chapter(number)
    tasks = tuple(course.task(name, which)[1] for name in task or ())
    if require not in {None, *LEVELS}:
        raise UsageError(f"There is no level {require}; there are {', '.join(LEVELS)}.")

    from grader import board
    from grader.exports import folder
    from grader.submissions import grading

    wanted = folder.chosen(formats)
    if out:
        folder.check(out)
    with unheard():
        with progress() as heard:
            report = grading.grade(which, submission, rev, require=require, tasks=tasks, workers=workers, heard=heard)
        if out:
            folder.write(report, out, wanted)
        sys.stdout.write(board.render(report, look()))
    raise typer.Exit(report.exit_status)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Keep GitHub from taking a line of the log, where a student's text is quoted, for a command."""
    token = secrets.token_hex(16) if "GITHUB_ACTIONS" in os.environ else ""
    if token:
        print(f"::stop-commands::{token}", flush=True)  # noqa: T201 -- GitHub reads the log
    try:
        yield
    finally:
        sys.stdout.flush()
        if token:
            print(f"::{token}::", flush=True)  # noqa: T201 -- GitHub reads the log


@app.command()
def gradescope(
    number: Annotated[str, typer.Argument(help="Which chapter: 02.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("autograder.zip"),
) -> None:
    """Make the autograder.zip of a chapter, to upload to Gradescope."""
    from grader.gradescope import bundle

    which = course.chapter(number)
    bundle.write(which, out)
    typer.echo(f"Wrote {out}: upload it as the autograder of an assignment.")


@app.command()
def fuzz(
    names: Annotated[list[str] | None, typer.Argument(help="Which targets: zip junit; all when none is named.")] = None,
    cases: Annotated[int, typer.Option(min=1, help="How many cases each.")] = 1000,
    seed: Annotated[int | None, typer.Option(help="Make the cases of an earlier run again.")] = None,
    plant: Annotated[bool, typer.Option("--plant", help="Put a bug into each target first: it must be found.")] = False,
) -> None:
    """Try hostile bytes on every part of the grader that meets what a stranger made."""
    from grader.fuzz import run

    wrong = sorted(set(names or ()) - {target.name for target in run.TARGETS})
    if wrong:
        raise UsageError(f"There is no target {wrong[0]}; there are {', '.join(each.name for each in run.TARGETS)}.")
    number = secrets.randbelow(2**32) if seed is None else seed
    raise typer.Exit(0 if run.fuzz_all(names or [], cases, number, typer.echo, plant=plant) else 1)
