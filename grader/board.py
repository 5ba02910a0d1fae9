"""The board: a Report as the terminal shows it. A pure function; width, colour and symbols are arguments."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.report import CheckResult, Finding, Outcome, Report, TaskInfo
from grader.schedule import order

SYMBOLS = {"passed": "✓", "failed": "✗", "todo": "○", "blocked": "·", "error": "!"}
PLAIN = {"passed": "+", "failed": "x", "todo": "o", "blocked": ".", "error": "!"}
STYLES = {"passed": "green", "failed": "bold red", "todo": "dim", "blocked": "dim", "error": "bold yellow"}
WRONG = frozenset({Outcome.FAILED, Outcome.CRASHED, Outcome.TIMEOUT, Outcome.MEMORY})
WORDS = {
    Outcome.CRASHED: "your program ended",
    Outcome.TIMEOUT: "we stopped waiting",
    Outcome.MEMORY: "too much memory",
}
NARROWEST = 40
TALLEST = 25  # lines of one failure, its title and the line about others included


@dataclass(frozen=True)
class Look:
    """How to draw."""

    width: int = 100
    colour: bool = False
    unicode: bool = True
    traceback: bool = False


def state(report: Report, task: TaskInfo) -> tuple[str, str]:
    """What the board says of a task: the name of its symbol, and the words at the end of its line."""
    checks = report.of_task(task.id)
    outcomes = {check.outcome for check in checks}
    points = f"{sum(check.earned for check in checks)} / {sum(check.points for check in checks)}"
    so_far = f"   {points}" if any(check.earned for check in checks) else ""
    if Outcome.ERROR in outcomes:
        return "error", "not graded"
    if outcomes == {Outcome.PASSED}:
        return "passed", points
    if outcomes & WRONG:
        return "failed", points
    if Outcome.BLOCKED in outcomes and Outcome.TODO not in outcomes:
        waits = next(check.waits_for for check in checks if check.outcome is Outcome.BLOCKED)
        return "blocked", f"needs {waits}{so_far}"
    return "todo", f"to do{so_far}"


def first_failure(report: Report) -> CheckResult | None:
    """The check to show whole: the first that is wrong."""
    return next((check for check in report.checks if check.outcome in WRONG), None)


def render(report: Report, look: Look | None = None) -> str:
    """The whole board as text."""
    look = look or Look()
    console = canvas(look)
    draw(console, report, look)
    return text_of(console)


def drawn(lines: Iterable[Table | Text], look: Look) -> str:
    """Lines as text."""
    console = canvas(look)
    for line in lines:
        console.print(line)
    return text_of(console)


def canvas(look: Look) -> Console:
    """Where text is drawn, as wide and as colourful as asked for."""
    return Console(
        file=io.StringIO(), width=max(look.width, NARROWEST), force_terminal=look.colour, no_color=not look.colour,
        color_system="standard" if look.colour else None, highlight=False, emoji=False, markup=False, legacy_windows=False,
    )  # fmt: skip


def text_of(console: Console) -> str:
    """What was drawn, without blanks at the ends of lines."""
    file = cast("io.StringIO", console.file)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def draw(console: Console, report: Report, look: Look) -> None:
    """Head, tasks, the first failure, what comes next."""
    symbols = SYMBOLS if look.unicode else PLAIN
    total = "not graded" if report.score is None else f"{report.score} / {report.maximum}"
    dot = "·" if look.unicode else "-"
    console.print(two_columns(Text(f"chapter {report.chapter} {dot} {report.title}", "bold"), Text(total, "bold")))
    for task in report.tasks:
        kind, words = state(report, task)
        left = Text.assemble("  ", (symbols[kind], STYLES[kind]), f" {task.id:<5}{task.title}")
        console.print(two_columns(left, Text(words, STYLES[kind] if kind != "passed" else "")))
    for note in report.notes[:3]:
        console.print(Text(f"  note: {note}", "yellow"))
    failure = first_failure(report)
    if failure and failure.finding:
        console.print()
        console.print(Text(f"{failure.task}  {failure.label}", "bold"))
        show(console, report, failure, failure.finding, look)
    console.print()
    for line in what_next(report):
        console.print(Text(line))


def two_columns(left: Text, right: Text) -> Table:
    """A line with something at its right end."""
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(left, right)
    return grid


def facts(rows: Mapping[str, str]) -> Table:
    """Texts behind their labels."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(overflow="fold")
    for label, text in rows.items():
        table.add_row(label, Text(text))
    return table


def labelled(report: Report, check: CheckResult, finding: Finding) -> dict[str, str]:
    """The lines of a failure: label -> text; what can be left out comes behind "why"."""
    line = finding.line
    rows = {
        "we did": finding.did,
        "expected": finding.expected,
        "got": finding.got + (f"  ({WORDS[check.outcome]})" if check.outcome in WORDS else ""),
        "your line": f"{report.folder}/{line.path}:{line.number}   {line.text.strip()}" if line else "",
        "why": finding.why,
        "it ran": "; ".join(finding.rows),
        "sockets": "\n".join(finding.timeline[-5:]),
        "it printed": "\n".join(finding.printed.strip().splitlines()[-3:]),
    }
    return {label: text for label, text in rows.items() if text}


def show(console: Console, report: Report, check: CheckResult, finding: Finding, look: Look) -> None:
    """One failure, whole: at most 25 lines."""
    rows = labelled(report, check, finding)
    if look.traceback and finding.traceback:
        rows["traceback"] = finding.traceback
    rows["next"] = f"nox -s hint -- {to_mend(report, check)}        lesson: {finding.lesson}"
    for spare in ("", "it printed", "it ran", "sockets"):  # what a crowded failure can do without
        rows.pop(spare, None)
        body = Padding(facts(rows), (0, 0, 0, 5))
        if look.traceback or len(console.render_lines(body)) <= TALLEST - 2:
            break
    console.print(body)
    same = sum(
        bool(other.finding and other.id != check.id and other.finding.concept == finding.concept != "")
        for other in report.checks
    )
    if same:
        console.print(Text(f"     same cause in {same} more check{'s' * (same > 1)}", "dim"))


def to_mend(report: Report, check: CheckResult) -> str:
    """The task a failure is mended in: that of the line it shows, unless that task passes; else the check's own."""
    task = check.finding.line.task if check.finding and check.finding.line else ""
    passes = {each.outcome for each in report.of_task(task)} == {Outcome.PASSED}
    return task if task and not passes else check.task


def what_next(report: Report) -> list[str]:
    """The last lines: what to do now."""
    chapter = f"nox -s chapter-{report.chapter}"
    if not report.gradable:
        return ["The grader could not do its work: this says nothing about your program. What went wrong is above."]
    if report.complete:
        done = report.tasks[-1].id if report.partial else report.chapter
        words = f"Task {done} is done." if report.partial else "Everything passes. Well done."
        return [words, f"Compare yours with the reference: nox -s diff -- {done}", "What is next: nox"]
    failing = first_failure(report)
    wrong = sum(check.outcome in WRONG for check in report.checks)
    if failing:
        more = f"{wrong} checks fail; this is the first. " if wrong > 1 else ""
        task = max(failing.task, to_mend(report, failing), key=order)  # it is graded with all that it needs
        return [f"{more}Mend it, then: {chapter} -- --task {task}"]
    todo = next((task for task in report.tasks if state(report, task)[0] == "todo"), None)
    if todo is None:
        held = next(check for check in report.checks if check.outcome is Outcome.BLOCKED)
        return [f"next      task {held.waits_for}, which {held.task} needs: nox -s hint -- {held.waits_for}"]
    place = f"open {report.folder}/{todo.place}" if todo.place else f"look into {report.folder}/app"
    return [
        f"next      task {todo.id}, {todo.title}: {place}",
        f"          then: {chapter} -- --task {todo.id}        a hint: nox -s hint -- {todo.id}",
    ]
