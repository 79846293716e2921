"""The restricted expression language of procedures and uncertainty models.

A text is parsed by Python's own parser and every node is checked against a whitelist, so that what is not named here
cannot run: no attribute, subscript, comprehension, keyword argument, and no call outside :data:`FUNCTIONS`. The checked
tree becomes closures over a :class:`Domain`, so that one formula runs on exact decimals (verdicts) and on dual numbers
(sensitivities).
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from quanheng.errors import InputError

MAX_LENGTH = 1000
MAX_NODES = 400
MAX_DEPTH = 120  # a sum of a hundred terms nests a hundred deep
MAX_EXPONENT = 64
MAX_LITERAL = 40

_CHARACTERS = re.compile(r"[A-Za-z0-9_+\-*/().,<>=! ']*\Z")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}\Z")
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z")

# name → (fewest, most) arguments; a column counts as one argument
FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "abs": (1, 1),
    "sqrt": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "log10": (1, 1),
    "sin": (1, 1),
    "cos": (1, 1),
    "tan": (1, 1),
    "arcsin": (1, 1),
    "arccos": (1, 1),
    "arctan": (1, 1),
    "arctan2": (2, 2),
    "min": (1, 32),
    "max": (1, 32),
    "sum": (1, 32),
    "mean": (1, 32),
    "count": (1, 32),
    "stdev": (1, 32),
    "span": (1, 32),
    "floor": (1, 1),
    "ceil": (1, 1),
    "round_to": (2, 2),
    "complex": (2, 2),
    "real": (1, 1),
    "imag": (1, 1),
    "conj": (1, 1),
    "angle": (1, 1),
}
CONSTANTS: Mapping[str, str] = {"pi": "3.14159265358979323846264338327950288"}

Closure = Callable[[Mapping[str, Any], "Domain"], Any]


class Logic:
    """Conditions of single values: what is not asked for is not evaluated."""

    def test(self, value: Any) -> Any:
        """`value` where it is a condition."""
        if not isinstance(value, bool):
            raise InputError("formula_type", "a condition must be a comparison", str(value)[:40])
        return value

    def every(self, parts: Sequence[Callable[[], Any]]) -> Any:
        """Whether all hold."""
        return all(self.test(part()) for part in parts)

    def some(self, parts: Sequence[Callable[[], Any]]) -> Any:
        """Whether one holds."""
        return any(self.test(part()) for part in parts)

    def opposite(self, value: Any) -> Any:
        """Whether it does not hold."""
        return not self.test(value)

    def choose(self, test: Any, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
        """The value of one of both branches."""
        return yes() if self.test(test) else no()


SINGLE = Logic()


@dataclass(frozen=True)
class Domain:
    """What numbers are: how a literal is read, which functions exist, how a power is taken, how conditions combine."""

    name: str
    number: Callable[[str], Any]
    functions: Mapping[str, Callable[..., Any]]
    power: Callable[[Any, Any], Any]
    errors: tuple[type[Exception], ...]
    logic: Logic = SINGLE


@dataclass(frozen=True)
class Expression:
    """A checked formula: its text, the free names it reads, and a closure over a domain."""

    text: str
    names: frozenset[str]
    _run: Closure

    def evaluate(self, values: Mapping[str, Any], domain: Domain) -> Any:
        """The value in `domain`; InputError `formula_undefined` where mathematics gives none."""
        try:
            return self._run(values, domain)
        except domain.errors as error:
            reason = type(error).__name__
            raise InputError(
                "formula_undefined", f"the formula has no value here ({reason}); check its inputs", self.text
            ) from error


def parse(text: object, allowed: frozenset[str] | None = None) -> Expression:
    """Check and compile one formula.

    Parameters
    ----------
    text : str
        ASCII, at most 1000 characters.
    allowed : frozenset of str, optional
        The names the formula may read; any when omitted.

    Returns
    -------
    Expression

    Raises
    ------
    InputError
        ``formula_*`` with the formula as its place.

    Examples
    --------
    >>> sorted(parse("P - L + 0.5*e").names)
    ['L', 'P', 'e']
    """
    if not isinstance(text, str) or not text.strip():
        raise _bad("formula_empty", "write a formula as text", repr(text)[:60])
    if len(text) > MAX_LENGTH:
        raise _bad("formula_too_long", f"shorten the formula to {MAX_LENGTH} characters", text[:60])
    if not _CHARACTERS.match(text):
        raise _bad(
            "formula_character", "use only ASCII letters, digits, spaces and + - * / ( ) . , < > = ! '", text[:60]
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # 1is, 1if: refused below, not worth a word
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _bad("formula_syntax", "the formula cannot be read; check brackets and operators", text) from error
    compiler = _Compiler(text.strip())
    run = compiler.node(tree.body, 0)
    names = frozenset(compiler.names)
    if allowed is not None and names - allowed:
        unknown = ", ".join(sorted(names - allowed))
        raise _bad("formula_name", f"unknown name {unknown}; define it before it is used", text)
    return Expression(text.strip(), names, run)


def _bad(code: str, message: str, place: str) -> InputError:
    return InputError(code, message, place)


_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class _Compiler:
    """Turns whitelisted nodes into closures and refuses every other node."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: set[str] = set()
        self.count = 0

    def refuse(self, what: str) -> InputError:
        return _bad("formula_forbidden", f"{what} is not allowed in a formula", self.text[:120])

    def node(self, node: ast.expr, depth: int) -> Closure:
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            raise _bad("formula_too_deep", "split the formula into smaller ones", self.text[:60])
        method = getattr(self, f"on_{type(node).__name__}", None)
        if method is None:
            raise self.refuse(type(node).__name__)
        closure: Closure = method(node, depth + 1)
        return closure

    def on_Constant(self, node: ast.Constant, depth: int) -> Closure:
        value = node.value
        source = self.text[node.col_offset : node.end_col_offset]
        if isinstance(value, str):
            if not re.fullmatch(r"'[A-Za-z0-9_.+\-/ ]{0,60}'", source):
                raise self.refuse("this text literal")
            return lambda env, domain: value
        if isinstance(value, bool):
            return lambda env, domain: value
        if type(value) not in (int, float) or len(source) > MAX_LITERAL or not _NUMBER.match(source):
            raise self.refuse("this literal")
        return lambda env, domain: domain.number(source)

    def on_Name(self, node: ast.Name, depth: int) -> Closure:
        name = node.id
        if name in CONSTANTS:
            literal = CONSTANTS[name]
            return lambda env, domain: domain.number(literal)
        if not _NAME.match(name) or "__" in name:
            raise self.refuse(f"the name {name}")
        self.names.add(name)

        def read(env: Mapping[str, Any], domain: Domain) -> Any:
            try:
                return env[name]
            except KeyError:
                raise MissingName(name) from None

        return read

    def on_UnaryOp(self, node: ast.UnaryOp, depth: int) -> Closure:
        inner = self.node(node.operand, depth)
        if isinstance(node.op, ast.USub):
            return lambda env, domain: -_single(inner(env, domain))
        if isinstance(node.op, ast.UAdd):
            return lambda env, domain: _single(inner(env, domain))
        if isinstance(node.op, ast.Not):
            return lambda env, domain: domain.logic.opposite(inner(env, domain))
        raise self.refuse(type(node.op).__name__)

    def on_BinOp(self, node: ast.BinOp, depth: int) -> Closure:
        left, right = self.node(node.left, depth), self.node(node.right, depth)
        if isinstance(node.op, ast.Pow):
            return lambda env, domain: domain.power(_single(left(env, domain)), _single(right(env, domain)))
        apply = _BINARY.get(type(node.op))
        if apply is None:
            raise self.refuse(type(node.op).__name__)
        return lambda env, domain: apply(_single(left(env, domain)), _single(right(env, domain)))

    def on_BoolOp(self, node: ast.BoolOp, depth: int) -> Closure:
        parts = [self.node(value, depth) for value in node.values]
        whole = isinstance(node.op, ast.And)

        def combine(env: Mapping[str, Any], domain: Domain) -> Any:
            later = [partial(part, env, domain) for part in parts]
            return domain.logic.every(later) if whole else domain.logic.some(later)

        return combine

    def on_Compare(self, node: ast.Compare, depth: int) -> Closure:
        parts = [self.node(value, depth) for value in [node.left, *node.comparators]]
        tests = [_COMPARE.get(type(op)) for op in node.ops]
        if None in tests:
            raise self.refuse("this comparison")

        def compare(env: Mapping[str, Any], domain: Domain) -> Any:
            values = [_scalar(part(env, domain)) for part in parts]
            pairs = zip(tests, values, values[1:], strict=False)
            return domain.logic.every([partial(_compared, test, a, b) for test, a, b in pairs if test is not None])

        return compare

    def on_IfExp(self, node: ast.IfExp, depth: int) -> Closure:
        test, yes, no = (self.node(part, depth) for part in (node.test, node.body, node.orelse))
        return lambda env, domain: domain.logic.choose(
            test(env, domain), partial(yes, env, domain), partial(no, env, domain)
        )

    def on_Call(self, node: ast.Call, depth: int) -> Closure:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise self.refuse("this call")
        name = node.func.id
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(node.args) <= most:
            raise self.refuse(f"{name} with {len(node.args)} arguments")
        arguments = [self.node(argument, depth) for argument in node.args]

        def call(env: Mapping[str, Any], domain: Domain) -> Any:
            function = domain.functions.get(name)
            if function is None:
                raise InputError("formula_function", f"{name} cannot be used on {domain.name}", self.text)
            return function(*[argument(env, domain) for argument in arguments])

        return call


class MissingName(Exception):
    """A name of the formula has no value yet: a reading is missing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class MissingValue(Exception):
    """An optional reading that was left out met an arithmetic operation."""


def _scalar(value: Any) -> Any:
    if isinstance(value, tuple):
        raise InputError("formula_column", "a column needs a function such as mean or max", "")
    if value is None:
        raise MissingValue
    return value


def _single(value: Any) -> Any:
    value = _scalar(value)
    if isinstance(value, (bool, str)):
        raise InputError("formula_type", "arithmetic needs numbers", str(value))
    return value


def _compared(test: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    if isinstance(a, str) is not isinstance(b, str) or (isinstance(a, str) and test not in (operator.eq, operator.ne)):
        raise InputError("formula_type", "text can only be compared with text, by == or !=", f"{a} {b}"[:60])
    return test(a, b)


def flatten(values: tuple[Any, ...]) -> list[Any]:
    """Arguments of an aggregate as one list: columns opened, missing values left out."""
    flat: list[Any] = []
    for value in values:
        flat.extend(value if isinstance(value, tuple) else [value])
    return [value for value in flat if value is not None]
