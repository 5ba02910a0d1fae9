"""The command that tries the bank of attacks on the grader."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer

from grader.commands.cli import app
from grader.commands.proofs import Only, Part, chosen, progress
from grader.course import UsageError

LEVELS = ("namespaces", "landlock")


@app.command()
def attacks(
    only: Only = None,
    level: Annotated[str, typer.Option(help="namespaces or landlock.")] = "namespaces",
    part: Part = "1/1",
    jobs: Annotated[int, typer.Option(min=1, help="How many at a time.")] = 2,
) -> None:
    """Try hostile submissions on the grader, and say what each of them got."""
    if level not in LEVELS:
        raise UsageError(f"There is no level {level} to attack; there are {', '.join(LEVELS)}.")
    from grader.attacks import bank, run

    entries = chosen(bank.load(), lambda attack: attack.id, only, part)
    began, bad, gained = time.monotonic(), 0, 0
    with progress(len(entries), "attacks") as done, ThreadPoolExecutor(jobs) as pool:
        for tried in pool.map(lambda attack: run.attempt(attack, level), entries):
            done(run.row(tried))
            bad += bool(tried.wrong)
            gained += 0 if tried.attack.known else tried.gained
    typer.echo(f"{len(entries)} attacks at level {level} in {time.monotonic() - began:.0f} s: ", nl=False)
    typer.echo(f"{gained} points gained, {bad} not held")
    raise typer.Exit(1 if bad else 0)
