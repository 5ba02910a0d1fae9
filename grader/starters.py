"""Generates the starters from the solutions: one source, two trees."""

import hashlib
import shutil
from pathlib import Path

from grader.course import Chapter, UsageError
from grader.markers import starter_text

GENERATED = (".py",)
STAMP = ".starter"  # beside app/: the fingerprint of what was generated last


def generate(solution: Path) -> dict[str, bytes]:
    """What a starter's folder must hold, made from a solution: "app/crud.py" -> its bytes."""
    files = {}
    for path in sorted((solution / "app").rglob("*")):
        name = path.relative_to(solution).as_posix()
        if path.is_file() and "__pycache__" not in path.parts:
            data = path.read_bytes()
            files[name] = starter_text(data.decode(), name).encode() if path.suffix in GENERATED else data
    return files


def present(starter: Path) -> dict[str, bytes]:
    """What a starter's folder holds."""
    return {
        path.relative_to(starter).as_posix(): path.read_bytes()
        for path in sorted((starter / "app").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(chapter: Chapter) -> list[str]:
    """The files in which the starter is not what its solution makes of it."""
    wanted, there = generate(chapter.solution), present(chapter.starter)
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(chapter: Chapter, folder: Path | None = None) -> None:
    """Write the starter into its own folder, or into another one that holds no app/ yet."""
    target = folder or chapter.starter
    shutil.rmtree(target / "app", ignore_errors=True)
    for name, data in generate(chapter.solution).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)


def stamp(files: dict[str, bytes]) -> str:
    """A fingerprint of a starter."""
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{name} {len(data)} ".encode() + data)
    return digest.hexdigest()


def rewrite(chapter: Chapter) -> None:
    """Generate a chapter's starter anew, in place.

    Raises:
        UsageError: somebody has worked in it since it was generated.
    """
    recorded = chapter.starter / STAMP
    there = present(chapter.starter)
    if there and (not recorded.is_file() or recorded.read_text("utf-8").strip() != stamp(there)):
        raise UsageError(
            f"chapters/{chapter.slug}/app has changed since it was generated; it was left alone. "
            f"To generate it anew, move it away first."
        )
    write(chapter)
    recorded.write_text(stamp(generate(chapter.solution)) + "\n", "utf-8")
