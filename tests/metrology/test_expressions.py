"""Nothing but whitelisted expressions runs, and what runs computes what it says."""

from __future__ import annotations

import ast
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.decimals import evaluate
from quanheng.metrology.duals import gradient
from quanheng.metrology.expressions import FUNCTIONS, parse

HOSTILE = [
    "__import__('os').system('true')",
    "().__class__.__bases__",
    "a.b",
    "a[0]",
    "[1, 2]",
    "{1: 2}",
    "{1, 2}",
    "(1, 2)",
    "lambda: 1",
    "(lambda: 1)()",
    "[x for x in a]",
    "(x for x in a)",
    "f'{a}'",
    "a if b",
    "(a := 1)",
    "a; b",
    "a\nb",
    "import os",
    "print(1)",
    "eval('1')",
    "open('f')",
    "getattr(a, 'b')",
    "max(*a)",
    "max(a, key=b)",
    "max()",
    "sqrt(1, 2)",
    "sqrt(1)(2)",
    "a @ b",
    "a // b",
    "a % b",
    "a << 3",
    "a & b",
    "~a",
    "a is b",
    "a in b",
    "a not in b",
    "None",
    "...",
    "1j",
    "0x10",
    "0b1",
    "1_000",
    "b'a'",
    "'a' 'b'",
    "'\\x41'",
    "r'a'",
    '"a"',
    "'" + "a" * 61 + "'",
    "_a",
    "a__b",
    "__builtins__",
    "é",
    "ａ",
    "1e9999",
    "9" * 41,
    "",
    "   ",
    "a" * 1001,
    "(" * 250 + "a" + ")" * 250,
    "-" * 300 + "a",
    "+".join(["a"] * 450),
    "a" + "**a" * 60,
    "yield a",
    "await a",
    "not",
    "a +",
    "1 1",
]
NAMES = {name: Decimal(index + 2) for index, name in enumerate(["a", "b", "c", "x"])}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_formula_is_refused_with_one_clear_error(text: str) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(parse(text, frozenset(NAMES)), NAMES)
    assert caught.value.code.startswith("formula_")


@pytest.mark.parametrize("value", [None, 1, 1.5, b"a", ["a"], True])
def test_only_text_is_a_formula(value: object) -> None:
    with pytest.raises(InputError):
        parse(value)


ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name, ast.Constant,
    ast.Load, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
TOKENS = [
    "a", "b", "os", "__class__", "1", "0.5", "'s'", "(", ")", "[", "]", "{", "}", ".", ",", ":", ";", "=", "==", "<",
    "+", "-", "*", "**", "/", "//", "%", "@", "&", "|", "^", "~", " ", "\n", "\\", "lambda", "if", "else", "for", "in",
    "not", "and", "or", "is", "None", "True", "import", "await", "yield", "max", "sqrt", "exec", "getattr", ":=", "f'",
    "1j", "0x1", "1_0", "é", "\x00", "*a", "**a", "…",
]  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(TOKENS), max_size=14).map("".join)))
def test_whatever_is_accepted_holds_only_whitelisted_nodes(text: str) -> None:
    try:
        expression = parse(text)
    except InputError:
        return
    tree = ast.parse(text.strip(), mode="eval")
    for node in ast.walk(tree):
        assert isinstance(node, ALLOWED), ast.dump(node)
        assert not isinstance(node, (ast.FloorDiv, ast.Mod, ast.MatMult, ast.BitAnd, ast.BitOr, ast.Invert, ast.In))
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            assert node.func.id in FUNCTIONS
            assert not node.keywords
    assert all("__" not in name for name in expression.names)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*TOKENS, "a", "b", "+", "*", "(", ")", "1"]), max_size=12).map("".join))
def test_an_accepted_formula_gives_a_value_or_an_input_error_and_nothing_else(text: str) -> None:
    try:
        value = evaluate(parse(text, frozenset(NAMES)), NAMES)
    except InputError:
        return
    assert isinstance(value, (Decimal, bool, str))


def sums() -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["a", "b", "c", "x", "2", "0.125", "3.5"])
    return st.recursive(
        leaf,
        lambda part: st.tuples(part, st.sampled_from("+-*"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        max_leaves=12,
    )


@settings(max_examples=200, deadline=None)
@given(sums())
def test_sums_and_products_equal_exact_fractions(text: str) -> None:

    exact = eval(
        text.replace("0.125", "Fraction(1,8)").replace("3.5", "Fraction(7,2)"),
        {"Fraction": Fraction, **{k: Fraction(int(v)) for k, v in NAMES.items()}},
    )
    assert Fraction(evaluate(parse(text), NAMES)) == exact


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2**-3", "0.125"),
        ("-2**2", "-4"),
        ("1.50", "1.50"),
        ("0.1 + 0.2", "0.3"),
        ("mean(a, b, c)", "3"),
        ("span(a, b, c)", "2"),
        ("count(a, b)", "2"),
        ("a if a < b else b", "2"),
        ("max(a, b) - min(a, b)", "1"),
        ("round_to(2.25, 0.5)", "2.0"),
        ("floor(-1.5) + ceil(1.2)", "0"),
    ],
)
def test_formulas_compute_on_exact_decimals(text: str, wanted: str) -> None:
    assert evaluate(parse(text), NAMES) == Decimal(wanted)


def test_a_comparison_on_the_limit_is_exact() -> None:
    assert evaluate(parse("(10.098 - 9.9)/9.9*100 <= 2"), {}) is True
    assert evaluate(parse("0.1 + 0.2 == 0.3"), {}) is True


@pytest.mark.parametrize("text", ["1/0", "sqrt(0 - 1)", "log(0)", "0**-1", "arcsin(2)", "10**64**2", "exp(10000)"])
def test_what_mathematics_leaves_undefined_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match=r"no value|cannot"):
        evaluate(parse(text), {})


def test_a_huge_power_ends_at_once_instead_of_filling_memory() -> None:
    with pytest.raises(InputError):
        evaluate(parse("((9**64)**64)**64"), {})


def test_columns_skip_missing_values_and_refuse_arithmetic() -> None:
    assert evaluate(parse("mean(r)"), {"r": (Decimal(1), None, Decimal(3))}) == 2
    with pytest.raises(InputError, match="column"):
        evaluate(parse("r + 1"), {"r": (Decimal(1),)})


@pytest.mark.parametrize(
    "text", ["'a' < 'b'", "a == 'III'", "'a' + 'b'", "a and b", "not a", "1 if a else 2", "(a < b) + 1"]
)
def test_text_numbers_and_conditions_do_not_mix(text: str) -> None:
    with pytest.raises(InputError, match=r"text|number|condition"):
        evaluate(parse(text), NAMES)


SMOOTH = [
    "a*b - c/x", "a**b", "sqrt(a) + exp(b/10)", "log(a)*log10(b)", "sin(a)*cos(b)", "tan(a/10)", "arctan2(a, b)",
    "arcsin(a/10)", "arccos(b/10)", "arctan(c)", "mean(a, b, c)", "abs(0 - a)*x", "max(a, b)*c", "a**3/(b + c)**2",
]  # fmt: skip


@pytest.mark.parametrize("text", SMOOTH)
def test_derivatives_agree_with_finite_differences(text: str) -> None:
    expression, point = parse(text), {"a": 2.0, "b": 3.0, "c": 4.0, "x": 5.0}
    value, slopes = gradient(expression, point)
    for name in point:
        step = 1e-6
        up, down = ({**point, name: point[name] + s} for s in (step, -step))
        finite = (gradient(expression, up)[0] - gradient(expression, down)[0]) / (2 * step)
        assert slopes[name] == pytest.approx(finite, rel=1e-7, abs=1e-8)
    assert math.isfinite(value)
