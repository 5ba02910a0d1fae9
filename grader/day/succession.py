"""From one chapter to the next: what was taught is there when the next begins."""

import ast
from collections.abc import Iterator
from pathlib import Path

REBUILT = frozenset({"database"})  # how a chapter opens its database is what it teaches anew


def names(folder: Path) -> set[str]:
    """The functions and classes a program defines, methods aside: "crud.create_user" is "create_user"."""
    return {
        node.name
        for path in (folder / "app").rglob("*.py")
        if path.stem not in REBUILT
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def _prefixes(tree: ast.Module) -> dict[str, str]:
    """The routers of a module: name -> the prefix of its routes."""
    return {
        target.id: str(keyword.value.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
        for keyword in node.value.keywords
        if keyword.arg == "prefix" and isinstance(keyword.value, ast.Constant)
    }


def routes(folder: Path) -> set[str]:
    """The routes a program declares: "post /register"."""
    found = set()
    for path in (folder / "app").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        prefixes = _prefixes(tree)
        for node in ast.walk(tree):
            for call in getattr(node, "decorator_list", []):
                match call:
                    case ast.Call(ast.Attribute(ast.Name(router), method), [ast.Constant(str(url)), *_]):
                        found |= {f"{method} {prefixes.get(router, '')}{url}"} if url[:1] == "/" else set()
    return found


def forgotten(before: Path, after: Path) -> Iterator[str]:
    """What a solution has that the next chapter's starter has not: routes, and functions and classes by name.

    Args:
        before: the solution of a chapter: a folder that holds app/.
        after: the starter of the next one.
    """
    yield from sorted(routes(before) - routes(after))
    yield from sorted(names(before) - names(after))
