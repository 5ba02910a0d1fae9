"""The commands for those who write the course: starters, banks, measurements."""

from typing import Annotated

import typer

from grader import course
from grader.cli import app


@app.command()
def starters(
    check: Annotated[bool, typer.Option("--check", help="Only say whether they are current.")] = False,
) -> None:
    """Write the starters from the solutions, or prove that they are current."""
    from grader import starters as generator  # noqa: PLC0415

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
    boards: Annotated[bool, typer.Option("--boards", help="Print what the student sees of each.")] = False,
    variations: Annotated[bool, typer.Option("--variations", help="Grade the right programs, in place of the wrong ones.")] = False,
) -> None:
    """Grade a chapter's bank of mistakes, or of correct variations: each must lose exactly what it names."""
    from grader import bank, proof  # noqa: PLC0415

    which = course.chapter(number)
    entries = [
        entry for entry in (bank.variations(which) if variations else bank.mistakes(which))
        if not only or any(text in entry.id for text in only)
    ]  # fmt: skip

    def heard(done: proof.Proof) -> None:
        score = done.report.score if done.report else "-"
        typer.echo(f"{'ok ' if not done.complaints else 'BAD'} {done.entry.id}  {score}")
        for complaint in done.complaints:
            typer.echo(f"      {complaint}")
        if boards:
            typer.echo(done.board)

    proofs = proof.prove_all(which, entries, heard)
    bad = [done for done in proofs if done.complaints]
    for double in [] if only else proof.doubles(proofs):
        bad.append(proofs[0])
        typer.echo(f"BAD {double}")
    report = next((done.report for done in proofs if done.report), None)
    for check in proof.unproven(report, proofs) if report and not only and not variations else []:
        bad.append(proofs[0])
        typer.echo(f"BAD no mistake loses {check}")
    typer.echo(f"{len(proofs)} graded, {len(bad)} complaints")
    raise typer.Exit(1 if bad else 0)
