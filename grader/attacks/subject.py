"""The grader as `python -m grader` starts it, with an ear at what lives print: run by run.py in a process of its own."""

import json
import resource
import sys
from pathlib import Path

from grader.__main__ import main
from grader.box.control import Launcher
from grader.box.lives import Life


def listen(heard: list[str]) -> None:
    """Keep what each life has printed when its pipes are closed."""
    release = Launcher.release

    def kept(launcher: Launcher, life: Life) -> None:
        release(launcher, life)
        heard.append(life.stdout.text()[:20_000])

    setattr(Launcher, "release", kept)  # noqa: B010 -- put in the place of a method, on purpose


if __name__ == "__main__":
    notes = Path(sys.argv.pop(1))
    said: list[str] = []
    listen(said)
    try:
        main()
    finally:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        notes.write_text(json.dumps({"heard": said, "memory": most}), "utf-8")
