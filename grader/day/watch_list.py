"""The list of tasks in the watcher: what of it is shown, and which task is marked."""

from collections.abc import Mapping

from grader.day.progress import Standing, State

STEPS = {"j": 1, "k": -1}  # the arrows mean the same
PENDING = "p"
CHOOSE = "j and k or the arrows choose a task, Enter goes there; p shows only what is left, or all"


def pick(states: Mapping[str, State], task: str, step: int, *, pending: bool) -> tuple[str, set[str]]:
    """The task to mark, and those to hide.

    Args:
        states: what is known of each task.
        task: the one that is marked now.
        step: how many further.
        pending: hide what is done, unless everything is.
    """
    every = list(states)
    left = [each for each in every if not pending or states[each].standing is not Standing.DONE] or every
    place = len(set(left) & set(every[: every.index(task)])) + step
    return left[min(max(place, 0), len(left) - 1)], set(every) - set(left)
