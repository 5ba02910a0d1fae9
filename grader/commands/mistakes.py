"""The command that grades a bank: wrong programs, or right ones that look different."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader import course
from grader.commands.cli import app, write
from grader.commands.proofs import Fresh, Number, Only, Part, chosen, progress

if TYPE_CHECKING:
    from grader.proofs.proof import Proof


def told(done: "Proof", *, boards: bool) -> str:
    """The lines about one entry."""
    head = f"{'BAD' if done.complaints else 'ok '} {done.entry.id}  {done.report.score if done.report else '-'}"
    lines = [head, *(f"      {complaint}" for complaint in done.complaints)]
    return "\n".join([*lines, done.board] if boards else lines)


@app.command()
def mistakes(
    number: Number,
    only: Only = None,
    part: Part = "1/1",
    boards: Annotated[bool, typer.Option("--boards", help="Print what the student sees of each.")] = False,
    variations: Annotated[
        bool, typer.Option("--variations", help="Grade the right programs, in place of the wrong ones.")
    ] = False,
    update: Annotated[bool, typer.Option("--update", help="Keep the boards as those that were read.")] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Ask every check, not only those that should be lost.")
    ] = False,
    fresh: Fresh = False,
    level: Annotated[str, typer.Option(help="Grade them in earnest: namespaces or landlock.")] = "",
    html: Annotated[Path | None, typer.Option(help="Where to write the page; in .workbook/ when not said.")] = None,
) -> None:
    """Grade a chapter's bank of mistakes, or of correct variations: each must lose exactly what it names."""
    from grader.proofs import bank, golden, proof, reshape

    which = course.chapter(number)
    everything: list[bank.Mistake | bank.Variation] = [*(
        [*bank.variations(which), *reshape.variations(which)] if variations else bank.mistakes(which)
    )]  # fmt: skip
    entries = chosen(everything, lambda entry: entry.id, only, part)
    whole = whole or variations or bool(only or level)
    with progress(len(entries), f"chapter {which.number}") as say:
        proofs = proof.prove_all(
            which, entries, lambda done: say(told(done, boards=boards)), fresh=fresh, update=update, level=level,
            whole=whole,
        )  # fmt: skip
    complaints = proof.doubles(proofs)
    if not variations:
        complaints += [f"no mistake loses {id_}" for id_ in unproven(proofs, only)]
        complaints += [
            f"{path.name} is the board of no mistake" for path in golden.orphans(which, bank.mistakes(which))
        ]
        show(which, proofs, html, whole=len(entries) == len(everything))
        if unread := golden.unread(which, bank.mistakes(which)):
            typer.echo(f"Boards not read yet: {', '.join(unread)}. Read them, and keep them with --update.")
    for complaint in complaints:
        typer.echo(f"BAD {complaint}")
    bad = sum(bool(done.complaints) for done in proofs) + len(complaints)
    if not whole:
        typer.echo("Each was asked for the checks that it should lose; --whole asks for all the others, too.")
    typer.echo(f"{len(proofs)} of {len(everything)} graded, {bad} complaint{'s' * (bad != 1)}")
    raise typer.Exit(1 if bad else 0)


def unproven(proofs: "Sequence[Proof]", only: Sequence[str] | None) -> list[str]:
    """The checks no mistake loses; nothing where only some entries were asked for."""
    from grader.proofs import bank, proof

    report = next((done.report for done in proofs if done.report), None)
    if report is None or only:
        return []
    return proof.unproven(report, bank.mistakes(course.chapter(report.chapter)))


def show(which: course.Chapter, proofs: "Sequence[Proof]", html: Path | None, *, whole: bool) -> None:
    """Print the matrix, and write the page.

    Raises:
        UsageError: the page could not be written.
    """
    from grader.proofs import gallery

    typer.echo(gallery.matrix(proofs))
    path = html or which.root / ".workbook" / f"mistakes-{which.number}{'' if whole else '-some'}.html"
    if html is None:
        with contextlib.suppress(OSError):
            path.parent.mkdir(exist_ok=True)
    write(path, gallery.page(which, proofs))
    typer.echo(f"The page: {course.shown(path)}")
