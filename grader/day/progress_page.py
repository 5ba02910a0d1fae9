"""One page: all chapters, and the tasks of those that are begun; and the few lines that say what to do next."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from rich.text import Text

from grader.board import PLAIN, STYLES, SYMBOLS, Look, drawn, two_columns
from grader.course import Chapter, shown
from grader.day.progress import Standing, State, current_chapter, current_task, states

if TYPE_CHECKING:
    from rich.table import Table

KINDS = {Standing.DONE: "passed", Standing.WRONG: "failed", Standing.TODO: "todo"}
COUNTED = frozenset({Standing.DONE, Standing.CHANGED})
BAR = 10
MARK = ">"


def symbol(standing: Standing, look: Look) -> tuple[str, str]:
    """The sign of a standing, and its style."""
    kind = KINDS.get(standing)
    if kind is None:
        return ("~" if standing is Standing.CHANGED else "?"), "yellow"
    return (SYMBOLS if look.unicode else PLAIN)[kind], STYLES[kind]


def bar(done: int, total: int, look: Look, width: int = BAR) -> str:
    """How far: "######----"."""
    full = width * done // total if total else 0
    return ("█" if look.unicode else "#") * full + ("░" if look.unicode else "-") * (width - full)


def render(found: dict[Chapter, dict[str, State]], look: Look, marked: str = "", hidden: Collection[str] = ()) -> str:
    """The page as text.

    Args:
        found: the state of each task of each chapter.
        look: how to draw.
        marked: the task to mark.
        hidden: tasks that are counted and not shown.
    """
    everything = [state for each in found.values() for state in each.values()]
    done = sum(state.standing in COUNTED for state in everything)
    lines: list[Table | Text] = [
        two_columns(Text("your progress", "bold"), Text(f"{done} of {len(everything)} tasks", "bold"))
    ]
    for chapter, each in found.items():
        count = sum(state.standing in COUNTED for state in each.values())
        standings = {state.standing for state in each.values()}
        words = "to do" if standings == {Standing.TODO} else f"{count} of {len(each)}"
        right = f"{words}  {bar(count, len(each), look)}"
        lines.append(two_columns(Text(f"chapter {chapter.number}  {chapter.title}", "bold"), Text(right)))
        if len(found) > 1 and len(standings) == 1 and standings <= {Standing.TODO, Standing.DONE}:
            continue
        for task, state in each.items():
            if task in hidden:
                continue
            sign, style = symbol(state.standing, look)
            title = f" {task:<5}{chapter.tasks[task]}"
            mark = f"{MARK} " if task == marked else "  "
            left = Text.assemble(mark, (sign, style), (title, "bold" if task == marked else ""))
            words = state.words if state.standing in KINDS else ""
            lines.append(two_columns(left, Text(words, "dim" if state.standing is Standing.TODO else "")))
            if not words:
                lines.append(Text(f"         {state.words}", "yellow"))
    return drawn(lines, look)


def welcome(chapters: list[Chapter]) -> str:
    """Where the student is, and what to do next."""
    found = {chapter: states(chapter) for chapter in chapters}
    now = current_chapter(chapters)
    task = current_task(now, found[now])
    everything = [state.standing for each in found.values() for state in each.values()]
    done = sum(standing in COUNTED for standing in everything)
    if set(everything) == {Standing.TODO}:
        lesson = shown(now.starter / "README.md")
        where = [f"Chapter {now.number} waits for you: {now.title}.", f"Read its lesson:   {lesson}"]
    elif task:
        words = found[now][task].words
        where = [f"{done} of {len(everything)} tasks are done. You are at {task}, {now.tasks[task]}: {words}."]
    else:
        where = [f"{done} of {len(everything)} tasks are done: all there are in chapter {now.number} and after it."]
    go = f"Work on it:        nox -s watch -- {now.number}" if task else "All on one page:   nox -s progress"
    return "\n".join(
        [*where, go, "A hint:            " + f"nox -s hint -- {task}", "All there is:      nox -l"]
        if task
        else [*where, go]
    )
