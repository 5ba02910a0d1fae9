"""Opens a file at a line, in the student's editor."""

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

AT_LINE = {"code": "-g {file}:{line}", "codium": "-g {file}:{line}", "cursor": "-g {file}:{line}", "subl": "{file}:{line}",
           "zed": "{file}:{line}", "pycharm": "--line {line} {file}", "hx": "{file}:{line}"}  # fmt: skip
PLUS = "+{line} {file}"  # vi, vim, nvim, nano, emacs, micro, joe


def command(path: Path, line: int, environment: Mapping[str, str]) -> list[str] | None:
    """What to run; None when no editor is known.

    Args:
        path: the file.
        line: from 1.
        environment: VISUAL, else VS Code where it is installed, else EDITOR.
    """
    visual = (
        environment.get("VISUAL") or shutil.which("code", path=environment.get("PATH")) or environment.get("EDITOR")
    )
    if not visual:
        return None
    words = shlex.split(visual)
    form = AT_LINE.get(Path(words[0]).name, PLUS)
    return [*words, *(word.format(file=path, line=line) for word in form.split())]
