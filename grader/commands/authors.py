"""The commands for those who write the course: starters, measurements."""

from typing import Annotated

import typer

from grader import course
from grader.commands.cli import app


@app.command()
def starters(
    check: Annotated[bool, typer.Option("--check", help="Only say whether they are current.")] = False,
) -> None:
    """Write the starters from the solutions, or prove that they are current."""
    from grader import starters as generator

    stale = 0
    for each in course.chapters():
        differing = generator.differences(each)
        if check or not differing:
            stale += len(differing)
            typer.echo(f"{each.slug}: " + (f"not current: {', '.join(differing)}" if differing else "current"))
        else:
            generator.rewrite(each)
            typer.echo(f"{each.slug}: wrote {', '.join(differing)}")
    raise typer.Exit(1 if stale else 0)


@app.command()
def bench(
    numbers: Annotated[list[str] | None, typer.Argument(help="Which chapters: 01 02; all when none is named.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each side is measured.")] = 3,
) -> None:
    """Measure the grader against its own requests, replayed in one process."""
    from grader.proofs.bench import bench as measure

    measure([course.chapter(number) for number in numbers] if numbers else course.chapters(), rounds, typer.echo)


@app.command()
def flakes(
    number: Annotated[str, typer.Argument(help="Which chapter: 01.")],
    runs: Annotated[int, typer.Option(min=1, help="How often each program is graded.")] = 10,
    what: Annotated[
        str, typer.Option(help="Which programs: of solution,starter,mistakes.")
    ] = "solution,starter,mistakes",
    busy: Annotated[
        bool, typer.Option("--busy/--idle", help="Side by side, so that every core is always busy.")
    ] = True,
) -> None:
    """Grade again and again, and tell every verdict that differs from the first."""
    from grader.proofs.flakes import flakes as repeat

    same = repeat(course.chapter(number), runs, what.split(","), busy=busy, say=typer.echo)
    raise typer.Exit(0 if same else 1)
