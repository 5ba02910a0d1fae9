"""Every Markdown document: its examples run, its commands exist, its links lead somewhere.

Python blocks under one `## ` heading run in order in one namespace and an empty folder, unless they are quoted from the
chapter's solution. A `text` block right after one must equal what it printed; `raises=Name` says that it must raise.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
import typer

from grader.cli_authors import app
from grader.course import ROOT

DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "chapters").glob("*/*.md"), *(ROOT / "docs").rglob("*.md")})
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INFO = re.compile(r"python(?: raises=(?P<raises>\w+))?|text|console|sql|toml|yaml|html|javascript|diff")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMANDS = typer.main.get_command(app).commands
SESSIONS = set(re.findall(r"^@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE))
SESSIONS |= {f"chapter-{path.name[:2]}" for path in (ROOT / "chapters").glob("[0-9][0-9]_*")}
RUNNER = """
import asyncio, contextlib, fastapi, io, json, os, pathlib, sqlalchemy.ext.asyncio, sys, traceback

def run(section):
    names = {"__name__": "lesson"}
    for code, raises in section:
        out, problem = io.StringIO(), None
        with contextlib.redirect_stdout(out):
            try:
                exec(compile(code, "<block>", "exec"), names)
            except Exception as raised:
                problem = raised
        if type(problem).__name__ != (raises or "NoneType"):
            yield ["".join(traceback.format_exception(problem)) if problem else "nothing was raised", ""]
            return
        yield [None, "".join(traceback.format_exception_only(problem)) if problem else out.getvalue()]

for number, section in enumerate(json.load(sys.stdin)):
    if (child := os.fork()) == 0:
        os.mkdir(f"section-{number}")
        os.chdir(f"section-{number}")
        said = list(run(section))
        pathlib.Path(f"../section-{number}.json").write_text(json.dumps(said))
        sys.exit(0)
    os.waitpid(child, 0)
"""
# Every MissingGreenlet also gives this false warning, later and elsewhere.
WARNINGS = ["-W", "error", "-W", "ignore:coroutine 'Connection.cursor' was never awaited:RuntimeWarning"]


@dataclass
class Block:
    """A fenced block: where it begins, what it is called, what it holds, and what comes right after it."""

    line: int
    info: str
    text: str
    printed: str = ""  # the text block after it


def blocks(path: Path) -> dict[str, list[Block]]:
    """The blocks of a document by the `## ` heading they stand under."""
    text = path.read_text("utf-8")
    found: dict[str, list[Block]] = {}
    end, heading = 0, ""
    for fence in FENCE.finditer(text):
        between = text[end : fence.start()]
        heading = [heading, *re.findall(r"^## (.+)$", between, re.MULTILINE)][-1]
        same = found.setdefault(heading, [])
        block = Block(text.count("\n", 0, fence.start()) + 1, fence["info"].strip(), fence["text"])
        if block.info == "text" and not between.strip() and same and same[-1].info.startswith("python"):
            same[-1].printed = block.text
        same.append(block)
        end = fence.end()
    return found


def outside(path: Path) -> str:
    """A document without its blocks and its code."""
    return re.sub(r"`[^`\n]*`", "x", FENCE.sub("", path.read_text("utf-8")))


def agree(block: Block, printed: str) -> bool:
    """Whether a block printed what is shown; of an error the first line is enough, and "..." stands for anything."""
    if "raises" not in block.info:
        return printed.strip("\n") == block.printed.strip("\n")
    pattern = ".*".join(map(re.escape, block.printed.strip().split("...")))
    return not block.printed or any(
        re.fullmatch(pattern, got.strip(), re.DOTALL) for got in (printed, printed.partition("\n")[0])
    )


def examples(path: Path) -> list[list[Block]]:
    """The python blocks to run, section by section."""
    solution = ROOT / "solutions" / path.parent.name
    quoted = "\n".join(file.read_text("utf-8") for file in sorted(solution.rglob("*.py")))
    sections = [
        [block for block in there if block.info.startswith("python") and block.text.strip() not in quoted]
        for there in blocks(path).values()
    ]
    return [section for section in sections if section]


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if examples(path)], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_examples_run_and_print_what_is_shown(path, tmp_path):
    sections = examples(path)
    told = [[[block.text, INFO.fullmatch(block.info)["raises"]] for block in section] for section in sections]
    done = subprocess.run(
        [sys.executable, *WARNINGS, "-c", RUNNER], input=json.dumps(told), cwd=tmp_path, capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    wrong = {}
    for number, section in enumerate(sections):
        said = json.loads((tmp_path / f"section-{number}.json").read_text("utf-8"))
        for block, (problem, printed) in zip(section, said, strict=False):  # nothing runs after a problem
            if problem or not agree(block, printed):
                wrong[f"line {block.line}"] = problem or printed
    assert wrong == {}


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_block_says_what_it_is(path):
    infos = {block.info for there in blocks(path).values() for block in there}
    assert {info for info in infos if not INFO.fullmatch(info)} == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_links_lead_somewhere(path, anchors):
    for link in LINK.findall(outside(path)):
        if re.match(r"https?:|mailto:", link):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


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


def check_grader(arguments: list[str]) -> None:
    """Parse the arguments of a command of the grader, without running it."""
    command = COMMANDS[arguments[0]]
    with click.Context(command, info_name=arguments[0]) as context:
        command.parse_args(context, arguments[1:])


def check_nox(words: list[str]) -> None:
    """Check `nox -s session -- arguments` and `nox -l`."""
    if not words:  # alone, it says what to do next
        return
    assert words[0] in {"-s", "-l"}, words
    if words in (["-l"], ["-s"]):
        return
    session, arguments = words[1], words[3:] if words[2:3] == ["--"] else []
    assert session in SESSIONS, session
    if session.startswith("chapter-"):
        check_grader(["chapter", session[8:], *arguments])
    elif session in COMMANDS and arguments:
        check_grader([session, *arguments])


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if console(path)], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_commands_exist_with_their_options(path):
    where = path.parent
    for command in console(path):
        words = [word for word in command.split("#")[0].split() if "=" not in word or word.startswith("-")]
        if not words:
            continue
        program = words[0].rpartition("/")[2]
        if program == "cd":
            where = ROOT / words[1]
            assert where.is_dir(), command
        elif program == "nox":
            check_nox(words[1:])
        elif program.startswith("python") and words[1:3] == ["-m", "grader"]:
            check_grader(words[3:])
        for word in words[1:]:
            if re.fullmatch(r"(chapters|solutions|grader|docs|tests)/\S+", word):
                assert (where / word).exists() or (ROOT / word).exists(), command


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_files_and_commands_that_are_named_exist(path):
    text = re.sub(r"^```text\n.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for name in re.findall(r"`((?:chapters|solutions|grader|docs|tests)/[\w./-]+?)/?`", text):
        assert "NN" in name or (ROOT / name).exists(), name
    for command in re.findall(r"`(?:\.venv/bin/)?nox (-[sl][^`]*)`", text):
        words = command.split()
        if words[-1:] != ["--"] and not any("NN" in word for word in words):
            check_nox(words)


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*/*.md")), ids=lambda path: "/".join(path.parts[-2:]))
def test_one_sentence_of_a_lesson_stands_on_a_line(path):
    long = [
        line for line in outside(path).splitlines() if re.search(r"[a-z][.!?] [A-Z]", line) and line[:1] not in "|-"
    ]
    assert long == []
