"""What of a submission is taken in: regular files of app/, within bounds, each refusal said."""

import os
import stat
from pathlib import Path

MOST_FILES = 50  # Python files
MOST_BYTES = 512 * 1024  # of Python
MOST_STATIC = 8 * 1024 * 1024  # of static files
NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/")
SKIPPED_FOLDERS = frozenset({"__pycache__", ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"})


def _read(path: Path, most: int) -> bytes:
    """The bytes of a regular file: never a link, a pipe or a device.

    Raises:
        OSError: it is none of a regular file, or larger than `most`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:  # noqa: PTH123 -- a descriptor, not a path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError("too large")
    return data


def take(app: Path, target: Path) -> tuple[str, ...]:
    """Copy the files of `app` that count to `target`.

    Args:
        app: the app/ folder of a submission.
        target: a folder that does not exist yet.

    Returns:
        What was left out, a sentence each.
    """
    target.mkdir(parents=True)
    refused: list[str] = []
    files = total = static = 0
    for folder, names, filenames in os.walk(app):
        names[:] = sorted(name for name in names if name not in SKIPPED_FOLDERS)
        refused += [
            f"{Path(folder, name).relative_to(app.parent)} is a link and was left out"
            for name in names
            if Path(folder, name).is_symlink()
        ]
        for name in sorted(filenames):
            source = Path(folder, name)
            relative = source.relative_to(app)
            in_static = relative.parts[0] == "static"
            if not in_static and source.suffix != ".py":
                continue
            shown = f"app/{relative}".encode("ascii", "backslashreplace").decode()
            if not set(str(relative)) <= NAME_CHARACTERS:
                refused.append(f"{shown} was left out: a name may hold A-Z, a-z, 0-9, '.', '_' and '-'")
                continue
            try:
                data = _read(source, MOST_STATIC - static if in_static else MOST_BYTES - total)
            except OSError as problem:
                refused.append(f"{shown} was left out: {problem.strerror or problem}")
                continue
            if not in_static and files == MOST_FILES:
                refused.append(f"{shown} was left out: more than {MOST_FILES} Python files")
                continue
            static, total, files = (
                (static + len(data), total, files) if in_static else (static, total + len(data), files + 1)
            )
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            (target / relative).write_bytes(data)
    return tuple(refused)
