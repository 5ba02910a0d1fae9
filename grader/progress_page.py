"""One page: all chapters, and the tasks of those that are begun. A pure function of what is remembered."""

from typing import TYPE_CHECKING

from rich.text import Text

from grader.board import PLAIN, STYLES, SYMBOLS, Look, drawn, two_columns
from grader.course import Chapter
from grader.progress import Standing, State

if TYPE_CHECKING:
    from rich.table import Table

KINDS = {Standing.DONE: "passed", Standing.WRONG: "failed", Standing.TODO: "todo"}
COUNTED = frozenset({Standing.DONE, Standing.CHANGED})
BAR = 10


def symbol(standing: Standing, look: Look) -> tuple[str, str]:
    """The sign of a standing, and its style."""
    kind = KINDS.get(standing)
    return ((SYMBOLS if look.unicode else PLAIN)[kind], STYLES[kind]) if kind else ("~", "yellow")


def bar(done: int, total: int, look: Look, width: int = BAR) -> str:
    """How far: "######----"."""
    full = width * done // total if total else 0
    return ("█" if look.unicode else "#") * full + ("░" if look.unicode else "-") * (width - full)


def render(found: dict[Chapter, dict[str, State]], look: Look) -> str:
    """The page as text.

    Args:
        found: the state of each task of each chapter.
        look: how to draw.
    """
    everything = [state for states in found.values() for state in states.values()]
    done = sum(state.standing in COUNTED for state in everything)
    lines: list[Table | Text] = [
        two_columns(Text("your progress", "bold"), Text(f"{done} of {len(everything)} tasks", "bold"))
    ]
    for chapter, states in found.items():
        count = sum(state.standing in COUNTED for state in states.values())
        standings = {state.standing for state in states.values()}
        words = "to do" if standings == {Standing.TODO} else f"{count} of {len(states)}"
        right = f"{words}  {bar(count, len(states), look)}"
        lines.append(two_columns(Text(f"chapter {chapter.number}  {chapter.title}", "bold"), Text(right)))
        if len(found) > 1 and len(standings) == 1 and standings <= {Standing.TODO, Standing.DONE}:
            continue
        for task, state in states.items():
            sign, style = symbol(state.standing, look)
            left = Text.assemble("  ", (sign, style), f" {task:<5}{chapter.tasks[task]}")
            words = state.words if state.standing in KINDS else ""
            lines.append(two_columns(left, Text(words, "dim" if state.standing is Standing.TODO else "")))
            if not words:
                lines.append(Text(f"         {state.words}", "yellow"))
    return drawn(lines, look)
