"""The autograder.zip for Gradescope: setup.sh, run_autograder, and the part of the course that grades one chapter."""

import io
import stat
import zipfile
from pathlib import Path

from grader.course import ROOT, Chapter, UsageError

SCRIPTS = Path(__file__).parent
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same files give the same bytes, whenever it is made
PLAIN, PROGRAM = 0o644, 0o755


def files(chapter: Chapter) -> dict[str, Path]:
    """Name in the archive -> file: only what grading needs; hints, lessons and other chapters stay here."""
    found = [
        *(ROOT / "grader").rglob("*"),
        *(chapter.solution / "app").rglob("*"),
        chapter.starter / "README.md",
        ROOT / "requirements.lock",
    ]
    course = {
        f"course/{path.relative_to(ROOT).as_posix()}": path
        for path in found
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    return {"setup.sh": SCRIPTS / "setup.sh", "run_autograder": SCRIPTS / "run_autograder"} | course


def made(chapter: Chapter) -> bytes:
    """The archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files(chapter).items()):
            info = zipfile.ZipInfo(name, MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, whatever this is
            info.external_attr = (stat.S_IFREG | (PLAIN if "/" in name else PROGRAM)) << 16
            data = path.read_bytes()
            archive.writestr(info, data if "/" in name else data.replace(b"@CHAPTER@", chapter.number.encode()))
    return out.getvalue()


def write(chapter: Chapter, path: Path) -> None:
    """Write the archive whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(made(chapter))
        partial.replace(path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{path} could not be written: {problem.strerror}.") from problem
