"""The commands and files that documents name: each must exist, with its options."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grader import course
from grader.proofs.documents import blocks

Commands = Mapping[str, Any]
FOLDERS = "chapters|solutions|grader|docs|tests"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]+?)/?`")
QUOTED = re.compile(r"`(?:\.venv/bin/)?nox (-[sl][^`]*)`")


def sessions(root: Path | None = None) -> set[str]:
    """The sessions of the noxfile, chapters included: functions of its own, and the tables of the grader's commands."""
    root = root or course.ROOT
    text = (root / "noxfile.py").read_text("utf-8")
    found = set(re.findall(r"^@nox\.session\ndef (\w+)", text, re.MULTILINE))
    found |= set(re.findall(r'^    "([\w-]+)": "', text, re.MULTILINE))
    return found | {f"chapter-{path.name[:2]}" for path in (root / "chapters").glob("[0-9][0-9]_*")}


def console(path: Path) -> list[str]:
    """The commands of a document, one for each command of a line."""
    lines = [
        line.removeprefix("$ ")
        for there in blocks(path).values()
        for block in there
        if block.info == "console"
        for line in block.text.splitlines()
        if line.startswith("$ ")
    ]
    return [command.strip() for line in lines for command in re.split(r"&&|;", line)]


def _grader(arguments: list[str], commands: Commands) -> str:
    """Parse the arguments of a command of the grader, without running it; what is wrong with them."""
    command = commands.get(arguments[0]) if arguments else None
    if command is None:
        return "no such command"
    try:
        command.make_context(arguments[0], arguments[1:])
    except Exception as problem:  # noqa: BLE001 -- of whichever click typer brings with it
        return str(getattr(problem, "message", problem))
    return ""


def _nox(words: list[str], commands: Commands, made: set[str]) -> str:
    """What is wrong with `nox -s session -- arguments` or `nox -l`; `made` are sessions the document itself makes."""
    if words in ([], ["-l"], ["-s"]):  # nox alone says what to do next
        return ""
    if words[0] != "-s":
        return f"{words[0]} is not an option that we show"
    session, arguments = words[1], words[3:] if words[2:3] == ["--"] else []
    if session not in sessions() | made:
        return f"there is no session {session}"
    if session.startswith("chapter-"):
        return _grader(["chapter", session[8:], *arguments], commands)
    return _grader([session, *arguments], commands) if session in commands and arguments else ""


def _made(path: Path) -> set[str]:
    """The sessions of chapters that a document makes."""
    return {f"chapter-{number}" for number in re.findall(r"file=solutions/(\d\d)_", path.read_text("utf-8"))}


def wrong_commands(path: Path, commands: Commands) -> Iterator[str]:
    """The commands of a document that do not exist, each with what is wrong with it.

    Args:
        path: the document.
        commands: those of the grader.
    """
    where, made = path.parent, _made(path)
    for command in console(path):
        words = [word for word in command.split("#")[0].split() if "=" not in word or word.startswith("-")]
        if not words:
            continue
        program, wrong = words[0].rpartition("/")[2], ""
        if program == "cd":
            where = course.ROOT / words[1]
            wrong = "" if where.is_dir() else "no such folder"
        elif program == "nox":
            wrong = _nox(words[1:], commands, made)
        elif program.startswith("python") and words[1:3] == ["-m", "grader"]:
            wrong = _grader(words[3:], commands)
        if wrong:
            yield f"{command}: {wrong}"
        for word in words[1:]:
            if re.fullmatch(rf"({FOLDERS})/\S+", word) and not (
                (where / word).exists() or (course.ROOT / word).exists()
            ):
                yield f"{command}: {word} does not exist"


def wrong_names(path: Path, commands: Commands) -> Iterator[str]:
    """The files and commands a document names in its text that do not exist."""
    text = re.sub(r"^```text\n.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for name in NAMED.findall(text):
        if "NN" not in name and not (course.ROOT / name).exists():
            yield f"{name} does not exist"
    for command in QUOTED.findall(text):
        words = command.split()
        if words[-1:] != ["--"] and not any("NN" in word for word in words) and (wrong := _nox(words, commands, set())):
            yield f"nox {command}: {wrong}"
