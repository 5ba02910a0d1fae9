"""Every Markdown document: its examples run, its commands exist, its links lead somewhere.

Python blocks under one `## ` heading run in order in one namespace and an empty folder, unless they are quoted from the
chapter's solution. A `text` block right after one must equal what it printed; `raises=Name` says that it must raise.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader import course

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INFO = re.compile(
    r"python(?: raises=(?P<raises>\w+))?|text|console|sql|toml|yaml|html|javascript|diff"
    r"|(?:python|text|toml) file=\S+(?: append)?"  # a file to write, which tests/test_authoring.py does
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATIENCE = 200  # seconds for the examples of one document
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


def documents(root: Path | None = None) -> list[Path]:
    """Every document of the course."""
    root = root or course.ROOT
    return sorted({*root.glob("*.md"), *(root / "chapters").glob("*/*.md"), *(root / "docs").rglob("*.md")})


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


def anchors(path: Path) -> set[str]:
    """The anchors GitHub makes of the headings of a Markdown file."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        name = anchor = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        count = 0
        while anchor in found:
            count += 1
            anchor = f"{name}-{count}"
        found.add(anchor)
    return found


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
    solution = course.ROOT / "solutions" / path.parent.name
    quoted = "\n".join(file.read_text("utf-8") for file in sorted(solution.rglob("*.py")))
    sections = [
        [
            block
            for block in there
            if block.info.startswith("python") and "file=" not in block.info and block.text.strip() not in quoted
        ]
        for there in blocks(path).values()
    ]
    return [section for section in sections if section]


def raises(block: Block) -> str | None:
    """The name of the exception a block must raise."""
    found = INFO.fullmatch(block.info)
    return found["raises"] if found else None


def wrong_examples(path: Path, folder: Path) -> dict[str, str]:
    """The examples of a document that do not do what is shown: "line 12" -> what they did.

    Args:
        path: the document.
        folder: an empty folder to run them in.
    """
    sections = examples(path)
    told = [[[block.text, raises(block)] for block in section] for section in sections]
    done = subprocess.run(
        [sys.executable, *WARNINGS, "-c", RUNNER], input=json.dumps(told), cwd=folder, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    wrong = {"all": done.stderr} if done.stderr else {}
    for number, section in enumerate(sections):
        result = folder / f"section-{number}.json"
        said = json.loads(result.read_text("utf-8")) if result.exists() else [["it ended early", ""]]
        for block, (problem, printed) in zip(section, said, strict=False):  # nothing runs after a problem
            if problem or not agree(block, printed):
                wrong[f"line {block.line}"] = problem or printed
    return wrong


def dead_links(path: Path) -> Iterator[str]:
    """The links of a document that lead nowhere; those to other sites are not tried."""
    for link in LINK.findall(outside(path)):
        if re.match(r"https?:|mailto:", link):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link
