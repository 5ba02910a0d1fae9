"""Changes of a syntax tree that keep its meaning: what grader/proofs/reshape.py makes right programs with."""

import ast
import builtins
from collections.abc import Callable

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, *FUNCTIONS)


def _written(tree: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def formatted(text: str) -> str:
    """The module as another formatter would write it; comments go."""
    return _written(ast.parse(text))


def without_docstrings(tree: ast.Module) -> ast.Module:
    """No string stands where a docstring would."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.fix_missing_locations(tree)


def _own_names(function: Function) -> set[str]:
    """The names a function binds itself and nobody outside can know: no parameters, nothing it shares."""
    stored = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    stored |= {node.name for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) and node.name}
    given = {
        argument.arg for node in ast.walk(function) if isinstance(node, ast.arguments) for argument in _arguments(node)
    }
    shared = {name for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return {name for name in stored - given - shared if not hasattr(builtins, name)}


def _arguments(node: ast.arguments) -> list[ast.arg]:
    found = [*node.posonlyargs, *node.args, *node.kwonlyargs]
    return found + [each for each in (node.vararg, node.kwarg) if each]


def locals_renamed(text: str) -> str:
    """Every local variable of every function has another name."""
    tree = ast.parse(text)
    methods = (node for each in tree.body if isinstance(each, ast.ClassDef) for node in each.body)
    for function in [node for node in (*tree.body, *methods) if isinstance(node, FUNCTIONS)]:
        names = _own_names(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in names:
                node.id = f"my_{node.id}"
            elif isinstance(node, ast.ExceptHandler) and node.name in names:
                node.name = f"my_{node.name}"
    return _written(tree)


def _used_at_once(node: Function) -> set[str]:
    """The names that are looked up when the function is defined, not when it is called."""
    now = [*node.decorator_list, *node.args.defaults, *(each for each in node.args.kw_defaults if each)]
    now += [each.annotation for each in _arguments(node.args) if each.annotation]
    now += [node.returns] if node.returns else []
    return {each.id for part in now for each in ast.walk(part) if isinstance(each, ast.Name)}


def _reversed(body: list[ast.stmt]) -> list[ast.stmt]:
    """The body with each run of plain functions in the opposite order; routes keep theirs, which may matter."""
    done: list[ast.stmt] = []
    run: list[ast.stmt] = []
    for node in [*body, ast.Pass()]:
        if isinstance(node, FUNCTIONS) and not node.decorator_list:
            defined = {each.name for each in run if isinstance(each, FUNCTIONS)}
            if _used_at_once(node) & defined:
                done, run = [*done, *run[::-1]], []
            run.append(node)
        else:
            done, run = [*done, *run[::-1], node], []
    return done[:-1]


def functions_reversed(text: str) -> str:
    """Functions without decorators stand in the opposite order, in modules and in classes."""
    tree = ast.parse(text)
    tree.body = _reversed(tree.body)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            node.body = _reversed(node.body)
    return _written(tree)


class _Blocks(ast.NodeTransformer):
    """Replaces statements wherever they stand."""

    def __init__(self, change: Callable[[ast.stmt], list[ast.stmt]]) -> None:
        self.change = change

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Every list of statements."""
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [new for each in block for new in self.change(each)])
        return node


def results_named(text: str) -> str:
    """What is returned gets a name first."""

    def change(node: ast.stmt) -> list[ast.stmt]:
        if not isinstance(node, ast.Return) or node.value is None or isinstance(node.value, ast.Constant | ast.Name):
            return [node]
        name = ast.Assign([ast.Name("the_result", ast.Store())], node.value)
        return [name, ast.Return(ast.Name("the_result", ast.Load()))]

    return _written(_Blocks(change).visit(ast.parse(text)))


def turned_conditions(text: str) -> str:
    """if a: b else: c becomes if not a: c else: b; without an else there is one that passes."""

    def change(node: ast.stmt) -> list[ast.stmt]:
        if isinstance(node, ast.If):
            return [ast.If(ast.UnaryOp(ast.Not(), node.test), node.orelse or [ast.Pass()], node.body)]
        return [node]

    return _written(_Blocks(change).visit(ast.parse(text)))
