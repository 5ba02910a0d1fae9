"""Reports written into a folder: all of them or none."""

import shutil
import tempfile
from pathlib import Path

from grader.course import UsageError
from grader.exports import FORMATS
from grader.report import Report


def chosen(names: str | None) -> list[str]:
    """The formats that are asked for: "json,junit"; all when None.

    Raises:
        UsageError: there is no such format.
    """
    wanted = [name.strip() for name in names.split(",")] if names is not None else list(FORMATS)
    for name in wanted:
        if name not in FORMATS:
            raise UsageError(f"There is no format {name!r}; there are {', '.join(FORMATS)}.")
    return wanted


def check(folder: Path) -> None:
    """Make sure that a folder can be replaced: it is not there, or holds nothing but reports.

    Raises:
        UsageError: it holds something else.
    """
    ours = {each.file for each in FORMATS.values()}
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is not a folder.")
    if folder.is_dir() and not {path.name for path in folder.iterdir()} <= ours:
        raise UsageError(f"{folder} holds other files than reports; name another folder with --out.")


def write(report: Report, folder: Path, names: list[str]) -> None:
    """Write the reports to a new folder, and put it in the place of the old one.

    Raises:
        OSError: they cannot be written.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".reports-", dir=folder.parent))
    try:
        (work / "new").mkdir()
        for name in names:
            text = FORMATS[name].render(report)
            if text is not None:
                (work / "new" / FORMATS[name].file).write_text(text, "utf-8")
        if folder.exists():
            folder.rename(work / "old")
        (work / "new").rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
