"""The one screen of the watcher: a pure function of what is known; width, height and colour are arguments."""

from dataclasses import dataclass, field

from rich.text import Text

from grader.board import STYLES, WRONG, Look, canvas, first_failure, show, text_of, two_columns
from grader.course import Chapter
from grader.day.progress import Standing, State
from grader.day.progress_page import COUNTED, bar, symbol
from grader.report import CheckResult, Outcome, Report

KEYS = {
    "n": "the next task, when this one is done",
    "h": "a hint; again for the next step",
    "l": "the list of all tasks, to go to one",
    "c": "check the whole chapter",
    "d": "the difference to the reference",
    "o": "open the file at the TODO, in your editor",
    "x": "put this task back to how it began",
    "t": "your own frames of the error, or not",
    "q": "quit",
    "space b": "a page on, a page back",
    "?": "these keys",
}
BRIEF = "n next  h hint  l list  c check all  d diff  o open  x reset  t traceback  q quit  ? keys"


@dataclass
class Seen:
    """What the screen shows."""

    chapter: Chapter
    task: str
    states: dict[str, State] = field(default_factory=dict)
    report: Report | None = None  # the last verdict about the task
    running: str = ""  # what is being done: "checking 1.8"
    page: list[str] = field(default_factory=list)  # a text in place of the verdict: a hint, a list, a diff
    offset: int = 0  # the first line of it that is shown
    message: str = ""
    traceback: bool = False

    @property
    def place(self) -> str:
        """Where the task's first TODO stands: "app/crud.py:14"; "" when there is none any more."""
        tasks = self.report.tasks if self.report else ()
        return next((task.place for task in tasks if task.id == self.task), "")

    @property
    def finished(self) -> bool:
        """Whether every task is done, or was: then any save may break any of them."""
        return all(each.standing in COUNTED for each in self.states.values())

    def take(self, report: Report, states: dict[str, State], *, whole: bool) -> None:
        """A verdict; one about the whole chapter leads from a task that is fine to the one that is not."""
        self.report, self.states = report, states
        failing = first_failure(report)
        if whole and failing and self.outcome is Outcome.PASSED:
            self.task = failing.task

    def update(self, result: CheckResult) -> None:
        """Show what came of one check, before the rest is known."""
        if self.report and any(check.id == result.id for check in self.report.checks):
            self.report = self.report.with_result(result)

    @property
    def outcome(self) -> Outcome | None:
        """What became of the task; None before its first verdict."""
        checks = self.report.of_task(self.task) if self.report else ()
        if not checks or self.report is None or not self.report.gradable:
            return None
        outcomes = {check.outcome for check in checks}
        if outcomes == {Outcome.PASSED}:
            return Outcome.PASSED
        return next((kind for kind in (*WRONG, Outcome.TODO, Outcome.BLOCKED) if kind in outcomes), None)


def after(seen: Seen) -> str:
    """The next task with something to do, after this one or from the first; "" when there is none."""
    tasks = list(seen.states)
    begin = tasks.index(seen.task) + 1 if seen.task in tasks else 0
    order = [*tasks[begin:], *tasks[:begin]]
    return next((task for task in order if task != seen.task and seen.states[task].standing not in COUNTED), "")


def body(seen: Seen, look: Look) -> list[str]:
    """The verdict about the task, whole."""
    console = canvas(look)
    report, title = seen.report, f"{seen.task}  {seen.chapter.tasks[seen.task]}"
    failure = first_failure(report) if report else None
    if report is None:
        console.print(Text(title, "bold"))
    elif not report.gradable:
        console.print(Text("The grader could not do its work: this says nothing about your program.", "bold yellow"))
        console.print(Text(f"     what went wrong: nox -s chapter-{report.chapter} -- --task {seen.task}"))
    elif failure is None or seen.outcome is Outcome.PASSED:
        words, style, then = standing(seen, report)
        console.print(Text(f"{title}: {words}", style))
        console.print(Text("\n".join(f"     {line}" for line in then)))
    elif failure.finding:
        if failure.task != seen.task:
            console.print(Text(f"{seen.task} needs what fails here:", "yellow"))
        console.print(Text(f"{failure.task}  {failure.label}", "bold"))
        show(console, report, failure, failure.finding, look)
    else:
        console.print(Text(f"{failure.task}  {failure.label}: {failure.outcome}", "bold red"))
    return text_of(console).splitlines()


def standing(seen: Seen, report: Report) -> tuple[str, str, list[str]]:
    """Of a task in which nothing is wrong: what it is, in which style, and what can be done now."""
    if seen.outcome is Outcome.PASSED:
        following = after(seen)
        go = (
            f"n: on to {following}, {seen.chapter.tasks[following]}"
            if following
            else "Every task is done or was: c checks all"
        )
        return "done.", "bold green", [go, "d: yours beside the reference"]
    if seen.outcome is Outcome.BLOCKED:
        waits = next(check.waits_for for check in report.of_task(seen.task) if check.waits_for)
        return f"waits for {waits}, which is not done.", "bold", [f"n: go to {waits}"]
    where = f"open {report.folder}/{seen.place} (o opens it)" if seen.place else f"look into {report.folder}/app"
    return "to do.", "bold", [where, "save it, and the verdict comes here; h: a hint"]


def small_board(seen: Seen, look: Look) -> list[str]:
    """Every task with its sign, in as few lines as there can be."""
    console = canvas(look)
    lines = [Text()]
    for task, state in seen.states.items():
        sign, style = symbol(state.standing, look)
        here = "bold reverse" if task == seen.task and look.colour else "bold" if task == seen.task else ""
        name = f"[{task}]" if task == seen.task and not look.colour else task
        both = Text.assemble((sign, style), " ", (name, here), "  ")
        if len(lines[-1]) + len(both) > console.width + 2:  # two blanks at the end may be cut
            lines.append(Text())
        lines[-1].append_text(both)
    for line in lines:
        line.rstrip()
        console.print(line)
    return text_of(console).splitlines()


def head(seen: Seen, look: Look) -> list[str]:
    """Which chapter, how far, and what is going on."""
    console = canvas(look)
    done = sum(state.standing in COUNTED for state in seen.states.values())
    far = f"{bar(done, len(seen.states), look)}  {done} of {len(seen.states)}"
    console.print(two_columns(Text(f"chapter {seen.chapter.number}  {seen.chapter.title}", "bold"), Text(far)))
    return text_of(console).splitlines()


def foot(seen: Seen, look: Look) -> list[str]:
    """What is going on or was said, and the keys."""
    console = canvas(look)
    changed = sum(state.standing is Standing.CHANGED for state in seen.states.values())
    stale = f"~ {changed} done before later changes; c checks all" if changed else ""
    for line in [line for line in (seen.message, seen.running) if line] or [stale]:
        console.print(Text(line, STYLES["todo"] if line == stale else "yellow"))
    console.print(Text(BRIEF if len(BRIEF) <= look.width else "n h l c d o x t q   ?: what they do", "dim"))
    return text_of(console).splitlines()


def folded(page: list[str], look: Look) -> list[str]:
    """A text in lines that fit, broken between words."""
    console = canvas(look)
    for line in page:
        console.print(Text.from_ansi(line) if line else "")
    return text_of(console).splitlines()


def screen(seen: Seen, look: Look, height: int) -> str:
    """The whole screen: at most `height` lines, the keys in the last one."""
    top = [*head(seen, look), *small_board(seen, look), ""]
    bottom = foot(seen, look)
    room = max(height - len(top) - len(bottom), 1)
    lines = folded(seen.page, look) if seen.page else body(seen, look)
    begin = min(seen.offset, max(len(lines) - room, 0))
    shown = lines[begin : begin + room]
    if hidden := len(lines) - begin - room:
        shown[-1:] = (
            [f"     {'…' if look.unicode else '...'} {hidden + 1} more lines: space, b goes back"]
            if hidden > 0
            else shown[-1:]
        )
    text = "\n".join([*top, *shown, *[""] * (room - len(shown)), *bottom][-height:])
    return text if look.unicode else text.encode("ascii", "replace").decode()
