"""All at once, one by one and by the definition: three ways to the same verdict, on graphs of every shape."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.evidence.trace import CODES, Graph
from tests.evidence.trace import oracle

NODE = {
    "kind": "item", "is_root": False, "condemned_from": None, "item_id": None, "number": None, "valid_from": None,
    "valid_to": None, "void_from": None, "basis": None, "range_low": None, "range_high": None,
}  # fmt: skip
EDGE = {"u_ratio": None, "ratio_limit": None, "use_low": None, "use_high": None}
EPOCH = dt.date(1970, 1, 1)


def day(number: int) -> dt.date:
    return EPOCH + dt.timedelta(days=number)


def make_item(node_id, **more):
    return {**NODE, "node_id": node_id, **more}


def make_certificate(node_id, item, valid_from=0, valid_to=100, basis="proven", **more):
    fields = {"item_id": item, "valid_from": valid_from, "valid_to": valid_to, "basis": basis, "number": f"N-{node_id}"}
    return {**NODE, "node_id": node_id, "kind": "certificate", **fields, **more}


def make_edge(certificate, standard, used_on=0, **more):
    return {"certificate_id": certificate, "standard_id": standard, "used_on": used_on, **EDGE, **more}


def columns(rows, names):
    return {name: [row[name] for row in rows] for name in names}


def make_graph(nodes, edges) -> Graph:
    return Graph.from_columns(
        columns(nodes, ["node_id", *NODE]), columns(edges, ["certificate_id", "standard_id", "used_on", *EDGE])
    )


def make_chain(**changes):
    """A scale, calibrated with a working standard, calibrated with a county's standard, with the national one."""
    parts = {
        "national": make_item(1, is_root=True),
        "public": make_item(2),
        "working": make_item(3),
        "scale": make_item(4),
        "upper": make_certificate(12, 2, 0, 100),
        "middle": make_certificate(13, 3, 10, 100),
        "lower": make_certificate(14, 4, 20, 100),
        "a": make_edge(12, 1, 0, u_ratio=0.2),
        "b": make_edge(13, 2, 10, u_ratio=0.3),
        "c": make_edge(14, 3, 20, u_ratio=0.25),
    }
    for name, change in changes.items():
        parts[name] = {**parts[name], **change}
    rows = list(parts.values())
    return make_graph([r for r in rows if "kind" in r], [r for r in rows if "kind" not in r])


def test_a_whole_chain_is_proven_link_by_link():
    answer = make_chain().prove(4, day(50))
    assert (answer["proven"], answer["holds"], answer["broken"]) == (True, True, None)
    assert [(x["certificate"], x["standard"], x["used_on"], x["ok"]) for x in answer["chain"]] == [
        (14, 3, "1970-01-21", True), (13, 2, "1970-01-11", True), (12, 1, "1970-01-01", True),
    ]  # fmt: skip
    assert answer["chain"][0]["valid_to"] == "1970-04-11"
    assert answer["chain"][0]["number"] == "N-14"


@pytest.mark.parametrize(
    ("changes", "at", "code"),
    [
        ({}, 101, (4, "expired")),
        ({}, 5, (4, "not_yet_valid")),
        ({"lower": {"item_id": 3}}, 50, (4, "no_certificate")),
        ({"middle": {"valid_to": 19}}, 50, (3, "expired")),
        ({"middle": {"valid_from": 21}}, 50, (3, "not_yet_valid")),
        ({"upper": {"void_from": 10}}, 50, (2, "revoked")),
        ({"public": {"condemned_from": 10}}, 50, (2, "condemned")),
        ({"scale": {"condemned_from": 50}}, 50, (4, "condemned")),
        ({"middle": {"range_low": 1.0, "range_high": 5.0}, "c": {"use_low": 0.5}}, 50, (3, "out_of_range")),
        ({"middle": {"range_low": 1.0, "range_high": 5.0}, "c": {"use_high": 5.1}}, 50, (3, "out_of_range")),
        ({"b": {"u_ratio": 0.34}}, 50, (2, "ratio")),
        ({"b": {"u_ratio": 0.3, "ratio_limit": 0.25}}, 50, (2, "ratio")),
        ({"national": {"is_root": False}}, 50, (1, "no_certificate")),
        ({"a": {"certificate_id": 13}}, 50, (2, "no_root")),
        ({"a": {"standard_id": 4, "used_on": 30}}, 50, (3, "cycle")),
    ],
)
def test_each_way_to_break_a_chain_has_its_code(changes, at, code):
    answer = make_chain(**changes).prove(4, day(at))
    assert not answer["holds"]
    assert answer["broken"] == {"at": code[0], "code": code[1]}


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"upper": {"void_from": 11}}, 50),  # revoked the day after it was used
        ({"public": {"condemned_from": 11}}, 50),
        ({"middle": {"valid_to": 20}}, 50),  # its last day
        ({"b": {"u_ratio": 0.1 / 0.3}}, 50),
        ({"c": {"u_ratio": 0.45, "ratio_limit": 0.5}}, 50),
        ({"national": {"condemned_from": 1}}, 50),
        ({"lower": {"valid_to": None}}, 9999),
    ],
)
def test_what_happens_after_the_use_breaks_nothing(changes, at):
    assert make_chain(**changes).prove(4, day(at))["proven"]


def test_a_paper_certificate_leaves_the_chain_declared_from_there_on():
    answer = make_chain(upper={"basis": "declared"}).prove(4, day(50))
    assert (answer["holds"], answer["proven"]) == (True, False)
    assert [x["basis"] for x in answer["chain"]] == ["proven", "proven", "declared"]


def test_a_condemned_standard_can_be_recalibrated_but_not_used():
    nodes = [make_item(1, is_root=True), make_item(2, condemned_from=10), make_item(3)]
    nodes += [make_certificate(12, 2, 20), make_certificate(13, 3, 30)]
    graph = make_graph(nodes, [make_edge(12, 1, 20), make_edge(13, 2, 30)])
    assert graph.prove(3, day(40))["broken"] == {"at": 2, "code": "condemned"}
    nodes[1] = make_item(2)  # it passed calibration and was put back into use
    assert make_graph(nodes, [make_edge(12, 1, 20), make_edge(13, 2, 30)]).prove(3, day(40))["holds"]


def test_a_later_certificate_takes_over_and_its_revocation_hands_back():
    nodes = [make_item(1, is_root=True), make_item(2), make_certificate(10, 2, 0, 100), make_certificate(11, 2, 50, 60)]
    edges = [make_edge(10, 1), make_edge(11, 1)]
    assert make_graph(nodes, edges).prove(2, day(55))["chain"][0]["certificate"] == 11
    assert make_graph(nodes, edges).prove(2, day(70))["broken"]["code"] == "expired"
    nodes[3] = make_certificate(11, 2, 50, 60, void_from=50)
    assert make_graph(nodes, edges).prove(2, day(70))["chain"][0]["certificate"] == 10


def test_a_root_needs_no_certificate():
    answer = make_chain().prove(1, day(0))
    assert (answer["proven"], answer["chain"]) == (True, [])


def test_a_very_long_chain_does_not_exhaust_the_stack():
    count = 5000
    nodes = [make_item(0, is_root=True)] + [make_item(i) for i in range(1, count)]
    nodes += [make_certificate(count + i, i) for i in range(1, count)]
    graph = make_graph(nodes, [make_edge(count + i, i - 1) for i in range(1, count)])
    answer = graph.prove(count - 1, day(1))
    assert answer["proven"]
    assert len(answer["chain"]) == count - 1
    assert graph.audit(day(1))["proven"].all()
    assert graph.recall(0, day(0), day(0)).height == count - 1


def name(number: int, texts: bool):
    return f"id-{number}" if texts else number


@st.composite
def wild_graphs(draw):
    """Anything: most chains break, many in a cycle."""
    count, days, texts = draw(st.integers(1, 6)), st.integers(0, 6), draw(st.booleans())
    scale = st.sampled_from([None, None, 1.0, 2.0, 3.0])
    condemned = st.sampled_from([None] * 6 + [1, 4])
    nodes = [
        make_item(name(i, texts), is_root=draw(st.integers(0, 3)) == 0, condemned_from=draw(condemned))
        for i in range(count)
    ]
    certificates = draw(st.integers(0, 9))
    for c in range(certificates):
        item, basis = name(draw(st.integers(0, count - 1)), texts), draw(st.sampled_from(["proven", "declared"]))
        more = {"void_from": draw(st.sampled_from([None, None, None, 1, 3, 5]))}
        more |= {"range_low": draw(scale), "range_high": draw(scale)}
        nodes.append(make_certificate(name(100 + c, texts), item, draw(days), draw(st.none() | days), basis, **more))
    edges = []
    for _ in range(draw(st.integers(0, 14)) if certificates else 0):
        certificate, standard = draw(st.integers(0, certificates - 1)), draw(st.integers(0, count - 1))
        more = {
            "u_ratio": draw(st.sampled_from([None, 0.1, 0.3, 0.4])),
            "use_low": draw(scale),
            "use_high": draw(scale),
        }
        more |= {"ratio_limit": draw(st.sampled_from([None, None, 0.2, 0.5]))}
        edges.append(make_edge(name(100 + certificate, texts), name(standard, texts), draw(days), **more))
    return draw(st.permutations(nodes)), draw(st.permutations(edges))


@st.composite
def layered_graphs(draw):
    """As in a region: items are calibrated with items above them, and most links are good."""
    count, texts = draw(st.integers(2, 8)), draw(st.booleans())
    rare = st.integers(0, 11).map(lambda n: n == 0)
    nodes = [make_item(name(0, texts), is_root=True)]
    edges = []
    for i in range(1, count):
        nodes.append(make_item(name(i, texts), condemned_from=3 if draw(rare) else None))
        for k in range(draw(st.integers(1, 2))):
            certificate = name(100 + 2 * i + k, texts)
            basis = "declared" if draw(rare) else "proven"
            valid_to, void_from = 3 if draw(rare) else None, 4 if draw(rare) else None
            nodes.append(
                make_certificate(
                    certificate, name(i, texts), draw(st.integers(0, 2)), valid_to, basis, void_from=void_from
                )
            )
            for _ in range(draw(st.integers(1, 3))):
                standard = draw(st.integers(0, count - 1)) if draw(rare) else draw(st.integers(0, i - 1))
                ratio = 0.5 if draw(rare) else 0.2
                edges.append(make_edge(certificate, name(standard, texts), draw(st.integers(2, 5)), u_ratio=ratio))
    return draw(st.permutations(nodes)), draw(st.permutations(edges))


def graphs():
    return layered_graphs() | wild_graphs()


@settings(max_examples=400, deadline=None)
@given(graphs(), st.integers(0, 7))
def test_all_at_once_equals_one_by_one_equals_the_definition(graph, at):
    nodes, edges = graph
    made = make_graph(nodes, edges)
    table = {row["item"]: row for row in made.audit(day(at)).iter_rows(named=True)}
    items = [node["node_id"] for node in nodes if node["kind"] == "item"]
    assert set(table) == set(items)
    for item in items:
        expected = oracle.prove(nodes, edges, item, at)
        one = made.prove(item, day(at))
        broken = (one["broken"]["at"], one["broken"]["code"]) if one["broken"] else None
        assert (one["holds"], one["proven"], broken) == (expected["holds"], expected["proven"], expected["broken"])
        row = table[item]
        all_ = (row["broken_at"], row["code"]) if row["code"] else None
        assert (row["holds"], row["proven"], all_) == (expected["holds"], expected["proven"], expected["broken"])
        assert one["holds"] == (one["broken"] is None)
        assert not one["holds"] or all(link["ok"] for link in one["chain"])


ITEM = ("node_id", "is_root", "condemned_from")
PAPER = ("node_id", "item_id", "number", "valid_from", "valid_to", "void_from", "basis", "range_low", "range_high")
USE = ("certificate_id", "standard_id", "used_on", "u_ratio", "ratio_limit", "use_low", "use_high")


def rows_of(table, names):
    """Tuples as a database gives them: ids as texts, days as dates."""
    found = []
    for row in table:
        cells = {n: row.get(n) for n in names}
        cells |= {n: str(v) for n, v in cells.items() if n.endswith("_id")}
        cells |= {n: day(v) for n, v in cells.items() if n.endswith(("_from", "_to", "_on")) and v is not None}
        found.append(tuple(cells.values()))
    return found


@settings(max_examples=200, deadline=None)
@given(graphs(), st.integers(0, 7))
def test_a_graph_from_rows_proves_what_the_same_tables_prove(graph, at):
    nodes, edges = graph
    named = [{**n, "node_id": str(n["node_id"])} for n in nodes]
    named = [{**n, "item_id": str(n["item_id"])} if n["kind"] == "certificate" else n for n in named]
    uses = [{**e, "certificate_id": str(e["certificate_id"]), "standard_id": str(e["standard_id"])} for e in edges]
    items = rows_of([n for n in nodes if n["kind"] == "item"], ITEM)
    papers = rows_of([n for n in nodes if n["kind"] == "certificate"], PAPER)
    made, expected = Graph.from_rows(items, papers, rows_of(edges, USE)), make_graph(named, uses)
    for one, *_rest in items:
        assert made.prove(one, day(at)) == expected.prove(one, day(at))


@pytest.mark.parametrize(
    ("items", "papers", "uses"),
    [
        ([("a", True, None), ("a", False, None)], [], []),
        ([("a", True, None)], [("c", "b", "1", day(0), None, None, "proven", None, None)], []),
        ([("a", True, None)], [("c", "a", "1", day(0), None, None, "proven", None, None)] * 2, []),
        ([("a", True, None)], [], [("c", "a", day(0), None, None, None, None)]),
    ],
)
def test_rows_that_name_what_is_not_there_or_twice_are_refused(items, papers, uses):
    with pytest.raises(InputError, match="id"):
        Graph.from_rows(items, papers, uses)


@settings(max_examples=200, deadline=None)
@given(graphs(), st.integers(0, 7), st.integers(0, 7), st.data())
def test_recall_finds_what_brute_force_finds(graph, a, b, data):
    nodes, edges = graph
    standard = data.draw(st.sampled_from([node["node_id"] for node in nodes if node["kind"] == "item"]))
    since, until = min(a, b), max(a, b)
    found = make_graph(nodes, edges).recall(standard, day(since), day(until))
    assert dict(zip(found["certificate"], found["depth"], strict=True)) == oracle.recall(
        nodes, edges, standard, since, until
    )


@settings(max_examples=200, deadline=None)
@given(graphs(), st.integers(0, 6), st.data())
def test_what_is_learned_later_never_changes_what_held_before(graph, at, data):
    """A revocation or condemnation from a day on leaves every proof of an earlier day as it was."""
    nodes, edges = graph
    index = data.draw(st.integers(0, len(nodes) - 1))
    change = "void_from" if nodes[index]["kind"] == "certificate" else "condemned_from"
    later = max([at, *(edge["used_on"] for edge in edges)]) + 1
    marked = [dict(node) for node in nodes]
    if marked[index][change] is None:
        marked[index][change] = later
    before, after = make_graph(nodes, edges), make_graph(marked, edges)
    for node in nodes:
        if node["kind"] == "item":
            assert before.prove(node["node_id"], day(at)) == after.prove(node["node_id"], day(at))


def test_recall_says_how_severe_each_finding_is():
    graph = make_chain()
    table = {row["certificate"]: row for row in graph.recall(2, day(0), day(40), at=day(40)).iter_rows(named=True)}
    assert {key: (row["depth"], row["state"], row["severity"]) for key, row in table.items()} == {
        13: (1, "in_force", "high"),
        14: (2, "in_force", "medium"),
    }
    later = graph.recall(2, day(0), day(40), at=day(400))
    assert set(later["state"]) == {"expired"}
    assert set(later["severity"]) == {"low"}
    assert graph.recall(2, day(11), day(40)).is_empty()
    with pytest.raises(InputError):
        graph.recall(2, day(2), day(1))


def test_a_long_history_of_one_standard_is_searched_right():
    rng = np.random.default_rng(4)
    starts = sorted(rng.integers(0, 2000, 300).tolist())
    nodes = [make_item(0, is_root=True), make_item(1), make_item(2)]
    nodes += [make_certificate(1000 + i, 1, first, first + 20) for i, first in enumerate(starts)]
    nodes += [make_certificate(5000 + i, 2, i, i) for i in range(2100)]
    edges = [make_edge(1000 + i, 0) for i in range(300)] + [make_edge(5000 + i, 1, i) for i in range(2100)]
    graph = make_graph(nodes, edges)
    for at in range(0, 2100, 37):
        expected = oracle.prove(nodes, edges, 2, at)
        assert graph.prove(2, day(at))["holds"] == expected["holds"]


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        ([make_item(1), make_item(1)], []),
        ([make_item(None)], []),
        ([make_item(1, kind="gadget")], []),
        ([make_item(1), make_certificate(2, 9)], []),
        ([make_item(1), make_certificate(2, 1, basis="hearsay")], []),
        ([make_item(1), make_certificate(2, 1, valid_from=None)], []),
        ([make_item(1), make_certificate(2, 1)], [make_edge(3, 1)]),
        ([make_item(1), make_certificate(2, 1)], [make_edge(2, 7)]),
        ([make_item(1), make_certificate(2, 1)], [make_edge(2, "x")]),
        ([make_item(1), make_certificate(2, 1)], [make_edge(2, 1, None)]),
        ([make_item(1), make_certificate(2, 1)], [make_edge(2, 1, 0, u_ratio="good")]),
        ([make_item(1), make_certificate(2, 1, valid_to="soon")], []),
    ],
)
def test_wrong_columns_are_refused_in_words(nodes, edges):
    with pytest.raises(InputError) as caught:
        make_graph(nodes, edges)
    assert caught.value.place


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="kind"):
        Graph.from_columns({"node_id": [1]}, {"certificate_id": [], "standard_id": [], "used_on": []})


def test_an_unknown_item_is_refused():
    with pytest.raises(InputError):
        make_chain().prove(99, day(0))
    with pytest.raises(InputError):
        make_chain().prove("no-such-item", day(0))


def test_the_codes_are_those_of_the_contract():
    words = "no_certificate expired not_yet_valid revoked condemned out_of_range ratio no_root cycle"
    assert " ".join(CODES[1:]) == words
