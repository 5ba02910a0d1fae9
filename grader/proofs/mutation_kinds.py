"""The kinds of mutants: for a node of the syntax tree, what it could be replaced with."""

import ast
import re
from collections.abc import Iterator, Sequence

OTHERS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "is not": "is", "is": "is not",
          "not in": "in", "in": "not in", "and": "or", "or": "and"}  # fmt: skip
OPERATOR = re.compile(r"==|!=|<=|>=|<|>|\bis\s+not\b|\bis\b|\bnot\s+in\b|\bin\b|\band\b|\bor\b")
CHAINED = frozenset({"where", "order_by", "limit", "offset", "options", "desc", "unique", "returning", "values"})
LARGEST = 1000  # from here on numbers are names, like the codes a socket is closed with
# How fast rows are found; a zone, which SQLite does not store; what is printed for whoever looks for a fault.
UNSEEN = frozenset({"index", "timezone", "echo", "DateTime"})
SHOWN = 40  # letters of what goes
SHORT = 12  # letters: up to that a text says little
SPOKEN = re.compile(r"[a-z] [a-z]+ [a-z]")  # a text for people, which no check may ask for

Change = tuple[str, ast.AST, str]  # kind, what is replaced, with what


class Source:
    """The text of a module, and where its nodes stand in it."""

    def __init__(self, text: str) -> None:
        """Offsets of a tree count bytes."""
        self.data = text.encode()
        self.tree = ast.parse(text)
        assigned = [node for node in self.tree.body if isinstance(node, ast.Assign)]
        self.constants = {ast.unparse(target): node.value for node in assigned for target in node.targets}
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends, in bytes."""
        first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
        return self.starts[first - 1] + getattr(node, "col_offset", 0), self.starts[last - 1] + getattr(
            node, "end_col_offset", 0
        )

    def of(self, node: ast.AST) -> str:
        """The text of a node."""
        begin, end = self.span(node)
        return self.data[begin:end].decode()

    def between(self, before: ast.AST, after: ast.AST) -> ast.AST:
        """What stands between two nodes, as something to replace."""
        return ast.Pass(
            lineno=getattr(before, "end_lineno", 1), col_offset=getattr(before, "end_col_offset", 0),
            end_lineno=getattr(after, "lineno", 1), end_col_offset=getattr(after, "col_offset", 0),
        )  # fmt: skip

    def texts(self, node: ast.AST) -> Iterator[str]:
        """The texts in a node, those of the module's constants included; what is too short to be told apart is not."""
        for each in ast.walk(node):
            match each:
                case ast.Constant(str(text)) if len(text) > SHORT:
                    yield " ".join(text.split())
                case ast.Name(name) if name in self.constants:
                    yield from self.texts(self.constants[name])

    def replaced(self, node: ast.AST, new: str) -> str:
        """The whole text with another text for a node."""
        begin, end = self.span(node)
        return (self.data[:begin] + new.encode() + self.data[end:]).decode()


def _statements(node: ast.AST, source: Source) -> Iterator[Change]:
    """Statements that are left out."""
    match node:
        case ast.Expr(
            ast.Constant() | ast.Call(ast.Attribute(ast.Name("logger"))) | ast.Call(ast.Attribute(_, "add_note"))
        ):
            pass  # a docstring, or what only people read
        case ast.Expr(ast.Await()):
            pass  # to drop the await says the same: what is not awaited is not done
        case ast.Expr() | ast.AugAssign():
            yield "drop statement", node, "pass"
        case ast.Raise():
            yield "drop raise", node, "pass"
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield "drop statement", node, "pass"
        case ast.Return(value) if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            yield "return nothing", node, "return None"
        case ast.ClassDef(body=body):
            yield from (("drop column", each, "pass") for each in body if isinstance(each, ast.AnnAssign | ast.Assign))
        case ast.ExceptHandler(body=body):
            yield "drop except", source.between(_before(body[0]), _behind(body[-1])), "raise"
        case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
            yield from (("drop decorator", each, "(lambda same: same)") for each in decorators)


def _before(node: ast.stmt) -> ast.AST:
    return ast.Pass(end_lineno=node.lineno, end_col_offset=node.col_offset)


def _behind(node: ast.stmt) -> ast.AST:
    return ast.Pass(lineno=node.end_lineno or 0, col_offset=node.end_col_offset or 0)


def _expressions(node: ast.AST, source: Source) -> Iterator[Change]:
    """Expressions that mean something else."""
    match node:
        case ast.Await(value):
            yield "drop await", node, source.of(value)
        case ast.UnaryOp(ast.Not(), operand):
            yield "drop not", node, source.of(operand)
        case ast.If(test) | ast.While(test) | ast.IfExp(test) if not _turned_otherwise(test):
            yield "negate", test, f"(not ({source.of(test)}))"
        case ast.BinOp(left, ast.Add(), right) if "'" not in source.of(node) and '"' not in source.of(node):
            yield (
                "minus for plus",
                source.between(left, right),
                source.of(source.between(left, right)).replace("+", "-"),
            )
        case ast.Compare(left, [_], [right]):
            yield from _operator(source.between(left, right), source)
        case ast.BoolOp(values=[left, right, *_]):
            yield from _operator(source.between(left, right), source)
        case ast.Constant(bool(value)):
            yield "change constant", node, str(not value)
        case ast.Constant(int(value)) if value < LARGEST:
            yield from (("change constant", node, str(near)) for near in (value + 1, value - 1))
        case ast.JoinedStr():
            yield "change text", node, source.of(node).replace(source.of(node)[1], f"{source.of(node)[1]}x", 1)
        case ast.Constant(str(value)) if value and not value.endswith(".") and not SPOKEN.search(value):
            yield "change constant", node, repr(f"{value}x")


def _turned_otherwise(test: ast.expr) -> bool:
    """Whether another change says the opposite of a condition already, or there is none to turn."""
    match test:
        case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn() | ast.Eq() | ast.NotEq()]):
            return True
    return isinstance(test, ast.Constant) or (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not))


def _operator(gap: ast.AST, source: Source) -> Iterator[Change]:
    text = source.of(gap)
    if found := OPERATOR.search(text):
        other = OTHERS[" ".join(found[0].split())]
        yield (
            "swap comparison" if other not in {"and", "or"} else "swap and/or",
            gap,
            (f"{text[: found.start()]}{other}{text[found.end() :]}"),
        )


def _calls(node: ast.AST, source: Source) -> Iterator[Change]:
    """Named arguments that are left out, and links of a chain."""
    match node:
        case ast.Call(ast.Attribute(value, name)) if name in CHAINED:
            yield f"drop .{name}", node, source.of(value)
    if isinstance(node, ast.Call):
        for dropped in node.keywords:
            if dropped.arg and dropped.arg not in UNSEEN:
                kept = [each for each in (*node.args, *node.keywords) if each is not dropped]
                yield f"drop {dropped.arg}=", node, _call(node.func, kept, source)


def _arguments(node: ast.AST, source: Source) -> Iterator[Change]:
    """What stands in the wrong order, and what a call or a type goes without."""
    match node:
        case ast.AnnAssign(annotation=ast.Subscript(ast.Name("Annotated"), ast.Tuple(parts)) as kind):
            for extra in (each for each in parts[1:] if isinstance(each, ast.Call)):
                kept = [source.of(each) for each in parts if each is not extra]
                yield f"drop {source.of(extra)[:SHOWN]} of", kind, f"Annotated[{', '.join(kept)}, 0]"
        case ast.Call(called, [_, _, *_] | [ast.Call()] as given, named):
            for place, one in enumerate(given):
                before, behind = given[:place], [*given[place + 1 :], *named]
                if isinstance(one, ast.Call) and ast.unparse(one.func) not in UNSEEN and (before or behind):
                    yield f"drop {source.of(one)[:SHOWN]} of", node, _call(called, [*before, *behind], source)
                if place:
                    yield "swap arguments", node, _call(called, [*before[:-1], one, before[-1], *behind], source)


def _call(called: ast.AST, given: Sequence[ast.AST], source: Source) -> str:
    return f"{source.of(called)}({', '.join(map(source.of, given))})"


def _only_speaks(node: ast.AST) -> bool:
    """Whether it only tells somebody something, which no check may ask for."""
    match node:
        case ast.Expr(value) | ast.Await(value):
            return _only_speaks(value)
        case ast.Call(args=[ast.Constant(str(text))], keywords=[]):
            return bool(SPOKEN.search(text))
    return False


def changes(node: ast.AST, source: Source) -> Iterator[Change]:
    """Every change of a node: its kind, what is replaced, with what."""
    if _only_speaks(node):
        return
    yield from _statements(node, source)
    yield from _expressions(node, source)
    yield from _calls(node, source)
    yield from _arguments(node, source)
