"""Right programs made by a machine: the solution in another shape, with the same meaning.

Each kind is a function from a module to the same module, otherwise written. A check that minds is not fair.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.course import Chapter
from grader.proofs import bank
from grader.proofs.reshape_tree import (
    formatted,
    functions_reversed,
    locals_renamed,
    results_named,
    turned_conditions,
    without_docstrings,
)

FROM_APP = re.compile(r"^( *)from app(?:\.(\w+))? import", re.MULTILINE)
IMPLEMENTED = "_code"  # what a module's name becomes when another one hands out what it holds


def without_comments(text: str) -> str:
    """No comment and no docstring, in the format of ast.unparse: single quotes, no blank lines, endless lines."""
    return ast.unparse(without_docstrings(ast.parse(text))) + "\n"


def two_spaces(text: str) -> str:
    """Four spaces become two where a line begins, and lines end as on Windows, behind a byte order mark."""
    lines = (re.sub(r"^(?: {4})+", lambda found: found[0][::2], line) for line in text.splitlines())
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def relative(text: str) -> str:
    """from .crud import x, in place of from app.crud import x."""
    return FROM_APP.sub(lambda found: f"{found[1]}from .{found[2] or ''} import", text)


def optional(text: str) -> str:
    """Optional[X], in place of X | None."""
    tree = _Optional().visit(ast.parse(text))
    if "Optional[" not in ast.unparse(tree):
        return text
    return _with_import(tree, "from typing import Optional")


class _Optional(ast.NodeTransformer):
    """X | None in an annotation."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """X | None."""
        self.generic_visit(node)
        if isinstance(node.op, ast.BitOr) and isinstance(node.right, ast.Constant) and node.right.value is None:
            return ast.Subscript(ast.Name("Optional", ast.Load()), node.left, ast.Load())
        return node


def _with_import(tree: ast.Module, line: str) -> str:
    """The module with an import behind its docstring."""
    begin = 1 if ast.get_docstring(tree) is not None else 0
    tree.body[begin:begin] = ast.parse(line).body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def future_annotations(text: str) -> str:
    """Every annotation is a string until somebody asks: from __future__ import annotations."""
    return _with_import(ast.parse(text), "from __future__ import annotations")


def aliased(text: str) -> str:
    """typing.Annotated, in place of from typing import Annotated."""
    tree = ast.parse(text)
    names = {
        alias.asname or alias.name: alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "typing"
        for alias in node.names
    }
    if not names:
        return text
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.module == "typing")]
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = f"typing.{names[node.id]}"  # unparsed as it stands
    return _with_import(tree, "import typing")


KINDS: dict[str, tuple[str, Callable[[str], str]]] = {
    "without-comments": ("No comments, no docstrings, single quotes, long lines.", without_comments),
    "two-spaces": ("Indented by two, with the line ends of Windows and a byte order mark.", two_spaces),
    "another-formatter": ("As ast.unparse writes it, docstrings kept.", formatted),
    "relative-imports": ("from .crud import, in place of from app.crud import.", relative),
    "optional": ("Optional[X], in place of X | None.", optional),
    "typing-by-its-module": ("typing.Annotated, in place of Annotated.", aliased),
    "future-annotations": ("from __future__ import annotations in every file.", future_annotations),
    "locals-renamed": ("Every local variable has another name.", locals_renamed),
    "functions-reversed": ("Helpers and methods stand in the opposite order.", functions_reversed),
    "results-named": ("result = ...; return result.", results_named),
    "conditions-turned": ("if not a: ... else: ..., the branches exchanged.", turned_conditions),
}


def modules(solution: Path) -> Iterator[tuple[str, str]]:
    """The Python files of a solution with text in them: "app/crud.py" and what it holds."""
    for path in sorted((solution / "app").rglob("*.py")):
        text = path.read_text("utf-8")
        if path.name != "__init__.py" and ast.parse(text).body:
            yield path.relative_to(solution).as_posix(), text


def _packages(chapter: Chapter) -> bank.Variation:
    """Each module a folder with an __init__.py; those that ask where they lie stay."""
    edits = []
    for file, text in modules(chapter.solution):
        if "__file__" not in text and "__main__" not in text:
            edits += [bank.Edit(file=file, delete=True), bank.Edit(file=f"{file[:-3]}/__init__.py", text=text)]
    return bank.Variation(id="made-packages", about="Every module is a package.", edit=tuple(edits))


def _offered(tree: ast.Module) -> Iterator[str]:
    """The names others may import from a module: what it defines, and what it hands on from the app itself."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                yield name
            case ast.Assign([ast.Name(name)]) if not name.startswith("__"):
                yield name
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("app"):
                yield from (alias.asname or alias.name for alias in names)


def _split(chapter: Chapter) -> bank.Variation:
    """What crud holds lies in another module, which crud hands out."""
    edits = []
    for file, text in modules(chapter.solution):
        if Path(file).stem not in {"schemas", "crud", "crud_posts", "auth"}:
            continue
        names = list(_offered(ast.parse(text)))
        module = f"{Path(file).stem}{IMPLEMENTED}"
        handed = f'"""Hands out {module}."""\n\nfrom app.{module} import {", ".join(names)}\n'
        edits += [bank.Edit(file=f"app/{module}.py", text=text), bank.Edit(file=file, text=handed)]
    return bank.Variation(id="made-split", about="The functions lie in modules of their own.", edit=tuple(edits))


def variations(chapter: Chapter) -> list[bank.Variation]:
    """The right programs a machine makes of a chapter's solution."""
    found = []
    for name, (about, change) in KINDS.items():
        edits = tuple(
            bank.Edit(file=file, text=new) for file, text in modules(chapter.solution) if (new := change(text)) != text
        )
        if edits:
            found.append(bank.Variation(id=f"made-{name}", about=about, edit=edits))
    return [*found, _packages(chapter), _split(chapter)]
