"""The commands that prove the grader right: the course as a product, mutants of solutions and of suites."""

import contextlib
import itertools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, TypeVar

import typer

from grader import course
from grader.commands.cli import app
from grader.course import UsageError

Item = TypeVar("Item")
Number = Annotated[str, typer.Argument(help="Which chapter: 01.")]
Only = Annotated[list[str] | None, typer.Option(help="Only those with this text in their name.")]
Part = Annotated[str, typer.Option(help="Only every n-th: 1/4 is the first of four parts.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Grade again what has not changed since the last time.")]


def chosen(
    everything: Sequence[Item], name: Callable[[Item], str], only: Sequence[str] | None, part: str
) -> list[Item]:
    """What --only and --part leave.

    Raises:
        UsageError: `part` is not written like 1/4, or nothing has such a name.
    """
    found = re.fullmatch(r"([1-9]\d{0,2})/([1-9]\d{0,2})", part)
    if not found or int(found[1]) > int(found[2]):
        raise UsageError(f"{part!r} is no part; a part is written like 1/4.")
    for text in only or ():
        if not any(text in name(item) for item in everything):
            raise UsageError(f"Nothing here has {text!r} in its name.")
    kept = [item for item in everything if not only or any(text in name(item) for text in only)]
    return kept[int(found[1]) - 1 :: int(found[2])]


@contextlib.contextmanager
def progress(total: int, what: str) -> "Iterator[Callable[[str], None]]":
    """A bar where somebody can see it. Gives a function to call with the lines to print for each thing that is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(what, total=total)

        def done(lines: str) -> None:
            bar.advance(task)
            console.print(lines, soft_wrap=True)

        yield done


@app.command("course")
def whole_course(
    numbers: Annotated[list[str] | None, typer.Argument(help="Only these chapters: 01.")] = None, fresh: Fresh = False
) -> None:
    """Check the course as a product: every chapter, what leads from one to the next, every document."""
    from grader.proofs import soundness

    bad = 0

    def say(what: str, complaints: Sequence[str]) -> None:
        nonlocal bad
        bad += len(complaints)
        typer.echo("\n".join([f"  {'ok ' if not complaints else 'BAD'} {what}", *(f"        {c}" for c in complaints)]))

    chapters = [course.chapter(number) for number in numbers] if numbers else course.chapters()
    for each in chapters:
        typer.echo(f"chapter {each.number} · {each.title}")
        for what, complaints in soundness.examine(each, fresh=fresh):
            say(what, complaints)
    if not numbers:
        for before, after in itertools.pairwise(chapters):
            say(f"chapter {after.number} begins with what {before.number} taught", soundness.forgotten(before, after))
        commands: dict[str, Any] = getattr(typer.main.get_command(app), "commands", {})
        for what, complaints in soundness.documents_checked(commands):
            say(what, complaints)
    typer.echo(f"{len(chapters)} chapter{'s' * (len(chapters) != 1)}, {bad} complaint{'s' * (bad != 1)}")
    raise typer.Exit(1 if bad else 0)


@app.command()
def mutants(number: Number, only: Only = None, part: Part = "1/1", fresh: Fresh = False) -> None:
    """Change one small thing of the solution at a time, and see whether a check notices."""
    from grader.proofs import mutants as grading
    from grader.proofs import mutation

    which = course.chapter(number)
    everything = mutation.mutants(which)
    some = chosen(everything, lambda mutant: f"{mutant.task} {mutant.id}", only, part)
    with progress(len(some), f"chapter {which.number}") as say:
        found = grading.fates(which, some, lambda each: say(grading.told(each)), fresh=fresh)
    figures, bars = grading.summary(found)
    whole = len(some) == len(everything)
    complaints = [*grading.strangers(which, everything), *(bars if whole else [])]
    for line in (*figures, *(f"BAD {complaint}" for complaint in complaints)):
        typer.echo(line)
    raise typer.Exit(1 if complaints or any(each.complaint for each in found) else 0)


@app.command()
def suite_mutants(number: Number, only: Only = None, part: Part = "1/1", fresh: Fresh = False) -> None:
    """Take one expectation at a time out of a suite, and see whether a mistake of the bank passes then."""
    from grader.proofs import expectations
    from grader.proofs import suite_mutants as suites

    which = course.chapter(number)
    everything = expectations.expectations(which)
    some = chosen(everything, lambda each: f"{' '.join(each.checks)} {each.id}", only, part)
    with progress(len(some), f"suite {which.number}") as say:
        unproved = suites.prove(which, some, lambda each, found: say(suites.told(each, found)), fresh=fresh)
    typer.echo(f"{len(some)} of {len(everything)} expectations, {len(unproved)} unproved")
    raise typer.Exit(1 if unproved else 0)
