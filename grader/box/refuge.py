"""Where a program lives and how its launcher is started: folders, and an interpreter that its user can reach.

Started as root, the grader gives the program another user. That user may not reach the interpreter (one under /root,
say): then it gets a copy of its own, made of hard links where that is possible.
"""

import os
import shutil
import stat
import sys
import sysconfig
from pathlib import Path
from typing import Any

from grader.box.sandbox import Refuge

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
START = "import sys; sys.path.insert(0, {root!r}); from grader.box.launcher import main; sys.path.pop(0); main({fd})"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "test", "tests", "idlelib", "tkinter", "site-packages", "*.a")


def user() -> int | None:
    """The user a confined program runs as: nobody, where we are root; None for our own."""
    return NOBODY if os.geteuid() == 0 else None


def reachable(path: Path) -> bool:
    """Whether everybody may read a path: all that leads there, too."""
    resolved = path.resolve()
    through = all(each.stat().st_mode & stat.S_IXOTH for each in resolved.parents)
    return through and bool(resolved.stat().st_mode & stat.S_IROTH)


def link(source: str, target: str) -> None:
    """A hard link, or a copy where there can be none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def copied(base: Path) -> tuple[str, str]:
    """Copy the interpreter and the packages into a folder; the new interpreter, and the folder of the packages."""
    library = Path(sysconfig.get_path("stdlib"))
    python = base / "python"
    shutil.copytree(library, python / "lib" / library.name, ignore=LEFT_OUT, copy_function=link, symlinks=True)
    (python / "bin").mkdir()
    executable = python / "bin" / library.name
    link(str(Path(sys.executable).resolve()), str(executable))
    for shared in Path(sys.base_prefix, "lib").glob("libpython*.so*"):
        link(str(shared.resolve()), str(python / "lib" / shared.name))
    packages = base / "packages"
    shutil.copytree(sysconfig.get_path("purelib"), packages, copy_function=link, symlinks=True)
    return str(executable), str(packages)


def make(base: Path) -> Refuge:
    """Fill an empty folder.

    Raises:
        OSError: something cannot be copied.
    """
    uid, python, packages, code = user(), sys.executable, "", ROOT
    program, lives = base / "program", base / "lives"
    for folder in (program, lives):
        folder.mkdir()
    if uid is not None:
        base.chmod(0o711)  # through, but not to look around
        needed = (Path(sys.executable), Path(sys.prefix), Path(sysconfig.get_path("purelib")), ROOT / "grader" / "box")
        if not all(map(reachable, needed)):
            python, packages = copied(base)
            code = base / "code"
            shutil.copytree(ROOT / "grader" / "box", code / "grader" / "box", ignore=LEFT_OUT)
            shutil.copy2(ROOT / "grader" / "__init__.py", code / "grader")
    return Refuge(python, code, program, lives, uid, packages)


def remove(place: Refuge) -> None:
    """Remove it with all that programs have left there."""
    shutil.rmtree(place.lives.parent, ignore_errors=True)


def invocation(place: Refuge | None, control: int) -> tuple[list[str], dict[str, str], dict[str, Any]]:
    """How the launcher is started on its control socket: the command, its environment, the options of Popen."""
    inherited = {name: value for name, value in os.environ.items() if name.startswith(("COVERAGE", "LANG", "LC_"))}
    environment = inherited | {"PATH": os.defpath}
    if place is None:
        return [sys.executable, "-I", "-c", START.format(root=str(ROOT), fd=control)], environment, {}
    start, options = START.format(root=str(place.code), fd=control), {}
    if place.packages:
        start = f"import sys; sys.path.append({place.packages!r}); {start}"
        environment["LD_LIBRARY_PATH"] = str(Path(place.python).parent.parent / "lib")
    if place.uid is not None:
        options = {"user": place.uid, "group": place.uid, "extra_groups": []}
    return [place.python, "-I", "-c", start], environment, options
