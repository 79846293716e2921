"""Whom a checkpoint must be cosigned by: the C2SP tlog-policy lines that KEYS may hold."""

from __future__ import annotations

import pytest

from quanheng.errors import InputError
from quanheng.evidence.ledger import Signer
from quanheng.evidence.ledger.note import COSIGNATURE
from quanheng.evidence.ledger.policy import at_least
from quanheng.evidence.verify import read_keys, write_keys

LOG = Signer.generate("log.example").verifier
W = [Signer.generate(f"w{n}.example", COSIGNATURE).verifier for n in range(5)]
TWO_LEVELS = "\n".join(
    [
        f"log {LOG.line}",
        *(f"witness X{n} {W[n].line}" for n in range(3)),
        "group X 2 X0 X1 X2",
        f"witness Y0 {W[3].line} https://y0.example/w",
        f"witness Y1 {W[4].line}",
        "group Y any Y0 Y1",
        "group both all X Y",
        "quorum both",
    ]
)


def test_the_example_of_the_specification_asks_two_of_three_and_one_of_two():
    keys = read_keys(TWO_LEVELS.encode())
    assert set(keys.verifiers) == {LOG, *W}
    good = [{0, 1, 3}, {1, 2, 4}, {0, 1, 2, 3, 4}]
    bad = [set(), {0, 1}, {0, 3}, {3, 4}, {0, 3, 4}]
    assert all(keys.policy.satisfied([LOG, *(W[n] for n in some)]) for some in good)
    assert not any(keys.policy.satisfied([LOG, *(W[n] for n in some)]) for some in bad)
    assert keys.policy.text == "2/2 (2/3 (w0.example, w1.example, w2.example), 1/2 (w3.example, w4.example))"


def test_a_policy_survives_writing_and_reading():
    keys = read_keys(TWO_LEVELS.encode())
    again = read_keys(write_keys(keys).encode())
    assert set(again.verifiers) == set(keys.verifiers)
    assert again.policy.quorum == "both"
    assert again.policy.witnesses == keys.policy.witnesses
    assert again.policy.satisfied([W[0], W[1], W[3]])


@pytest.mark.parametrize("tail", ["quorum none", ""])
def test_witnesses_that_no_quorum_names_are_known_but_not_demanded(tail):
    keys = read_keys(f"{LOG.line}\nwitness a {W[0].line}\n{tail}\n".encode())
    assert not keys.policy.demands
    assert keys.policy.satisfied([])
    assert W[0] in keys.verifiers


@pytest.mark.parametrize(
    "lines",
    [
        f"witness a {LOG.line}",
        f"log {W[0].line}",
        f"witness a {W[0].line}\nwitness b {W[0].line}",
        f"witness a {W[0].line}\nwitness a {W[1].line}",
        f"witness none {W[0].line}",
        "quorum a",
        f"witness a {W[0].line}\nquorum a\nquorum a",
        f"witness a {W[0].line}\ngroup g 2 a\nquorum g",
        f"witness a {W[0].line}\ngroup g 0 a",
        f"witness a {W[0].line}\ngroup g any a a",
        f"witness a {W[0].line}\ngroup g any a\ngroup h any a",
        f"group g any a\nwitness a {W[0].line}",
        "group g any none",
        "group g",
        "witness a",
        "log",
    ],
    ids=range(16),  # keys are made anew in each process
)
def test_a_policy_that_is_not_one_is_refused_with_its_line(lines):
    with pytest.raises(InputError) as caught:
        read_keys(lines.encode())
    assert "line " in caught.value.place


def test_the_option_counts_the_witness_keys_that_are_known():
    known = [LOG, *W[:3]]
    assert at_least("any", known).satisfied([W[2]])
    assert not at_least("2", known).satisfied([W[2], W[4]])
    assert at_least("all", known).satisfied(W[:3])
    assert not at_least("all", known).satisfied(W[:2])
    for text in ("4", "0", "-1", "most", "²"):
        with pytest.raises(InputError):
            at_least(text, known)
    with pytest.raises(InputError):
        at_least("any", [LOG])
