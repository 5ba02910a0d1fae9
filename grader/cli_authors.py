"""The commands for those who write the course: starters, banks, measurements."""

import re
from typing import Annotated

import typer

from grader import course
from grader.cli_reading import app
from grader.course import UsageError

__all__ = ["app"]  # with the commands of this module


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
def mistakes(
    number: Annotated[str, typer.Argument(help="Which chapter: 01.")],
    only: Annotated[list[str] | None, typer.Option(help="Only the entries with this text in their name.")] = None,
    part: Annotated[str, typer.Option(help="Only every n-th entry: 1/4 is the first of four parts.")] = "1/1",
    boards: Annotated[bool, typer.Option("--boards", help="Print what the student sees of each.")] = False,
    variations: Annotated[
        bool, typer.Option("--variations", help="Grade the right programs, in place of the wrong ones.")
    ] = False,
) -> None:
    """Grade a chapter's bank of mistakes, or of correct variations: each must lose exactly what it names."""
    from grader import bank, proof

    which = course.chapter(number)
    everything = bank.variations(which) if variations else bank.mistakes(which)
    found = re.fullmatch(r"([1-9]\d?)/([1-9]\d?)", part)
    if not found or int(found[1]) > int(found[2]):
        raise UsageError(f"{part!r} is no part; a part is written like 1/4.")
    entries = [entry for entry in everything if not only or any(text in entry.id for text in only)]
    entries = entries[int(found[1]) - 1 :: int(found[2])]

    def heard(done: proof.Proof) -> None:
        score = done.report.score if done.report else "-"
        typer.echo(f"{'ok ' if not done.complaints else 'BAD'} {done.entry.id}  {score}")
        for complaint in done.complaints:
            typer.echo(f"      {complaint}")
        if boards:
            typer.echo(done.board)

    proofs = proof.prove_all(which, entries, heard)
    bad = sum(bool(done.complaints) for done in proofs)
    complaints = proof.doubles(proofs)
    report = next((done.report for done in proofs if done.report), None)
    if report and not variations and not only:
        complaints += [f"no mistake loses {id_}" for id_ in proof.unproven(report, bank.mistakes(which))]
    for complaint in complaints:
        typer.echo(f"BAD {complaint}")
    typer.echo(f"{len(proofs)} of {len(everything)} graded, {bad + len(complaints)} complaints")
    raise typer.Exit(1 if bad or complaints else 0)


@app.command()
def bench(
    numbers: Annotated[list[str] | None, typer.Argument(help="Which chapters: 01 02; all when none is named.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each side is measured.")] = 3,
) -> None:
    """Measure the grader against its own requests, replayed in one process."""
    from grader.bench import bench as measure

    measure([course.chapter(number) for number in numbers] if numbers else course.chapters(), rounds, typer.echo)


@app.command()
def flakes(
    number: Annotated[str, typer.Argument(help="Which chapter: 01.")],
    runs: Annotated[int, typer.Option(min=1, help="How often each program is graded.")] = 100,
    what: Annotated[str, typer.Option(help="Which programs: solution,starter,mistakes.")] = "solution",
    busy: Annotated[bool, typer.Option("--busy/--idle", help="Keep every core busy with other work meanwhile.")] = True,
) -> None:
    """Grade again and again, and tell every verdict that differs from the first."""
    from grader.flakes import flakes as repeat

    same = repeat(course.chapter(number), runs, what.split(","), busy=busy, say=typer.echo)
    raise typer.Exit(0 if same else 1)
