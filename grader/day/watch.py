"""Watches the student's files: a save in, a verdict out, on one screen that never scrolls away."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from grader import board
from grader.board import Look
from grader.course import Chapter, shown
from grader.day import progress
from grader.day.terminal import Terminal
from grader.day.warm import Warm
from grader.day.watch_keys import Watch
from grader.day.watch_screen import screen

TICK = 0.05  # seconds between two looks at the files


def on_screen(watch: Watch, terminal: Terminal, looks: Callable[[int], Look]) -> None:
    """Draw and listen until the student quits."""
    going = True
    while going:
        width, height = terminal.size
        watch.look = replace(looks(width), traceback=watch.seen.traceback)
        terminal.show(screen(watch.seen, watch.look, height))
        keys, said = terminal.wait(watch.grading, TICK)
        if said:
            watch.hear()
        watch.tick()
        going = all(watch.key(name) for name in keys)


def in_lines(watch: Watch, say: Callable[[str], None]) -> None:
    """Without a terminal: a board for each save, until Ctrl-C."""
    say(f"watching {shown(watch.chapter.starter)}; Ctrl-C ends it")
    while True:
        ready, _, _ = select.select([watch.grading], [], [], TICK)
        if ready and watch.hear():
            text = board.render(watch.seen.report, watch.look) if watch.seen.report else ""
            say(watch.seen.message or f"{time.strftime('%H:%M:%S')}\n{text}")
        if watch.tick():
            say(f"{time.strftime('%H:%M:%S')} saved; {watch.seen.running}")


def watch(chapter: Chapter, task: str, looks: Callable[[int], Look], say: Callable[[str], None]) -> None:
    """Watch a chapter until the student quits.

    Args:
        chapter: which.
        task: the one to begin with; the first that is not done when empty.
        looks: how to draw at a width.
        say: prints a line, where there is no terminal.
    """
    begin = task or progress.current_task(chapter) or next(iter(chapter.tasks))
    grading = Warm(chapter)
    try:
        if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
            in_lines(Watch(chapter, begin, grading, lambda _words: None), say)
        with Terminal() as terminal:

            def open_file(words: list[str]) -> None:
                with terminal.lent():
                    subprocess.run(words, check=False)

            on_screen(Watch(chapter, begin, grading, open_file), terminal, looks)
    finally:
        grading.end()
