from __future__ import annotations

import copy
import hashlib
import hmac
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence import canonical, draw
from quanheng.evidence.draw.sample import seed_of
from quanheng.evidence.draw.stream import Stream

AT = "2026-11-01T00:00:00Z"
SALT = "5a" * 32
VALUE = "0f" * 64
PULSE = {"source": "beacon", "pulse": "2310501", "at": "2026-12-01T02:00:00Z", "value": VALUE}
Out = pytest.CaptureFixture[str]


def make_plan(**changes: Any) -> dict[str, Any]:
    plan: dict[str, Any] = {
        "purpose": "双随机检查",
        "lists": {
            "enterprises": {
                "members": [{"id": f"E-{n:03}", "stratum": "high" if n % 5 == 0 else "low"} for n in range(100)],
                "take": {"high": "50%", "low": "5%"},
            },
            "inspectors": {"members": [f"I-{n:02}" for n in range(20)], "take": {"*": 8}},
        },
        "assign": {"from": "inspectors", "to": "enterprises", "per": 2, "avoid": [["I-03", "E-005"]]},
        "randomness": {
            "source": "beacon",
            "beacon": "test beacon",
            "pulse": "2310501",
            "not_before": "2026-12-01T02:00:00Z",
        },
    }
    return plan | changes


def committed(**changes: Any) -> dict[str, Any]:
    return draw.commit(make_plan(**changes), salt=SALT, at=AT)


def drawn() -> dict[str, Any]:
    return draw.run(committed(), PULSE)


def failed(file: Any, published: str | None = None) -> list[str]:
    return [c.code for c in draw.verify(file, published) if not c.ok]


def by_the_text(file: dict[str, Any]) -> dict[str, Any]:
    """docs/draw-format.md done again by hand, sharing nothing with the product but canonical JSON."""
    key = hashlib.sha256(canonical.dumps(file["commitment"])).digest()
    seed = hmac.new(key, canonical.dumps(file["randomness"]), hashlib.sha256).digest()

    def shuffled(label: str, members: list[str], take: int) -> list[str]:
        blocks = (
            hmac.new(seed, label.encode() + b"\0" + n.to_bytes(8, "big"), "sha256").digest() for n in range(10**6)
        )
        octets = (block[i : i + 8] for block in blocks for i in (0, 8, 16, 24))
        numbers = (int.from_bytes(o, "big") for o in octets)
        members = list(members)
        for i in range(take):
            n = len(members) - i
            r = next(x for x in numbers if x < 2**64 - 2**64 % n) % n
            members[i], members[i + r] = members[i + r], members[i]
        return members[:take]

    high = sorted(f"E-{n:03}" for n in range(100) if n % 5 == 0)
    low = sorted(f"E-{n:03}" for n in range(100) if n % 5)
    return {
        "enterprises": {
            "high": shuffled("list/enterprises/high", high, 10),
            "low": shuffled("list/enterprises/low", low, 4),
        },
        "inspectors": {"": shuffled("list/inspectors/", [f"I-{n:02}" for n in range(20)], 8)},
    }


def test_a_stranger_recomputes_the_sample_from_the_text_alone() -> None:
    file = drawn()
    assert file["sample"]["lists"] == by_the_text(file)


def test_a_finished_draw_verifies_and_says_what_is_only_claimed() -> None:
    file = drawn()
    assert failed(file) == []
    assert failed(file, file["commitment_sha256"]) == []
    assert failed(file, "00" * 32) == ["commitment_published"]
    assert any("only claimed" in c.message for c in draw.verify(file))


def test_the_commitment_names_nobody_and_changes_with_the_salt() -> None:
    first, second = committed(), draw.commit(make_plan(), salt="5b" * 32, at=AT)
    assert "E-0" not in json.dumps(first["commitment"])
    assert first["commitment_sha256"] != second["commitment_sha256"]
    assert first["commitment"]["lists"]["enterprises"] == [
        {"stratum": "high", "size": 20, "take": 10},
        {"stratum": "low", "size": 80, "take": 4},
    ]


def test_everybody_drawn_gets_two_inspectors_and_nobody_much_more_than_another() -> None:
    sample = drawn()["sample"]
    taken = {e for s in sample["lists"]["enterprises"].values() for e in s}
    assert set(sample["assign"]) == taken
    assert all(len(set(pair)) == 2 for pair in sample["assign"].values())
    load = Counter(i for pair in sample["assign"].values() for i in pair)
    assert max(load.values()) - min(load.values()) <= 1
    assert set(load) <= set(sample["lists"]["inspectors"][""])


def test_who_must_not_go_there_is_not_sent_there() -> None:
    everybody = [f"E-{n:03}" for n in range(100)]
    assign = {"from": "inspectors", "to": "enterprises", "per": 1, "avoid": [["I-03", e] for e in everybody]}
    lists = make_plan()["lists"]
    lists["inspectors"]["take"] = {"*": 20}
    file = draw.run(committed(assign=assign, lists=lists), PULSE)
    assert all("I-03" not in pair for pair in file["sample"]["assign"].values())
    lists["inspectors"] = {"members": ["I-03"], "take": {"*": 1}}
    with pytest.raises(InputError) as caught:
        draw.run(committed(assign=assign, lists=lists), PULSE)
    assert caught.value.code == "draw_assign"


def tampered() -> list[tuple[str, dict[str, Any], str]]:
    cases = []
    for name, change, code in [
        (
            "a member added",
            lambda f: f["plan"]["lists"]["enterprises"]["members"].append({"id": "E-999", "stratum": "low"}),
            "commitment_plan",
        ),
        ("a member removed", lambda f: f["plan"]["lists"]["enterprises"]["members"].pop(), "commitment_plan"),
        ("another share", lambda f: f["plan"]["lists"]["enterprises"]["take"].update(low="6%"), "commitment_plan"),
        ("another salt", lambda f: f.update(salt="5b" * 32), "commitment_plan"),
        ("another pulse", lambda f: f["randomness"].update(pulse="2310502"), "pulse"),
        ("an earlier pulse", lambda f: f["randomness"].update(at="2026-11-30T00:00:00Z"), "pulse_time"),
        ("another value", lambda f: f["randomness"].update(value="0e" * 64), "sample"),
        ("a friend spared", lambda f: f["sample"]["lists"]["enterprises"]["high"].pop(), "sample"),
        ("another order", lambda f: f["sample"]["lists"]["enterprises"]["high"].reverse(), "sample"),
        ("the hash redone", lambda f: f["commitment"].update(purpose="x"), "commitment_plan"),
    ]:
        file = copy.deepcopy(drawn())
        change(file)
        cases.append((name, file, code))
    return cases


@pytest.mark.parametrize(("file", "code"), [c[1:] for c in tampered()], ids=[c[0] for c in tampered()])
def test_whatever_is_changed_afterwards_is_noticed(file: dict[str, Any], code: str) -> None:
    assert code in failed(file)


def test_a_whole_new_draw_does_not_pass_for_the_published_one() -> None:
    other = draw.run(draw.commit(make_plan(), salt="77" * 32, at=AT), PULSE)
    assert failed(other) == []
    assert failed(other, committed()["commitment_sha256"]) == ["commitment_published"]


def test_a_pulse_of_the_past_cannot_be_committed_to() -> None:
    with pytest.raises(InputError) as caught:
        draw.commit(make_plan(), salt=SALT, at="2026-12-01T02:00:00Z")
    assert caught.value.code == "draw_too_late"


def test_parties_must_all_reveal_what_they_committed_to() -> None:
    secrets = {"纪检": "ab" * 32, "企业代表": "cd" * 32}
    hashes = {party: draw.reveal_hash(party, secret) for party, secret in secrets.items()}
    file = committed(randomness={"source": "reveals", "parties": hashes})
    done = draw.run(file, {"source": "reveals", "reveals": secrets})
    assert failed(done, file["commitment_sha256"]) == []
    for wrong, code in (
        ({"纪检": secrets["纪检"]}, "reveals_all"),
        (secrets | {"外人": "00" * 32}, "reveals_all"),
        (secrets | {"纪检": "ac" * 32}, "reveal"),
        ({"纪检": secrets["企业代表"], "企业代表": secrets["纪检"]}, "reveal"),
    ):
        with pytest.raises(InputError) as caught:
            draw.run(file, {"source": "reveals", "reveals": wrong})
        assert caught.value.code == code


@pytest.mark.parametrize(
    "change",
    [
        {"lists": {}},
        {"lists": {"a": {"members": [], "take": {"*": 1}}}},
        {"lists": {"a": {"members": ["x", "x"], "take": {"*": 1}}}},
        {"lists": {"a": {"members": ["x"], "take": {"*": 2}}}},
        {"lists": {"a": {"members": ["x"], "take": {"*": "101%"}}}},
        {"lists": {"a": {"members": ["x"], "take": {"*": 0.5}}}},
        {"lists": {"a": {"members": ["x"], "take": {"*": True}}}},
        {"lists": {"a": {"members": ["x"], "take": {}}}},
        {"lists": {"a": {"members": ["x"], "take": {"other": 1}}}},
        {"assign": {"from": "inspectors", "to": "nobody", "per": 1}},
        {"assign": {"from": "inspectors", "to": "enterprises", "per": 0}},
        {"randomness": {"source": "dice"}},
        {"randomness": {"source": "reveals", "parties": {"alone": "00" * 32}}},
        {"surprise": 1},
        {"lists": {"a": {"members": ["\ud800"], "take": {"*": 1}}}},
        {"lists": {"a": {"members": [{"id": "x", "stratum": "\ud800"}], "take": {"*": 1}}}},
    ],
)
def test_a_plan_that_is_not_clear_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        committed(**change)
    assert caught.value.code == "draw"
    assert caught.value.place.startswith("plan")


def test_shares_are_rounded_up_exactly() -> None:
    for size, rule, take in (
        (20, "5%", 1),
        (21, "5%", 2),
        (10, "0.3", 3),
        (3, "0.1%", 1),
        (7, "0%", 0),
        (7, "100%", 7),
    ):
        lists = {"a": {"members": [str(n) for n in range(size)], "take": {"*": rule}}}
        file = draw.commit(make_plan(lists=lists, assign=None), salt=SALT, at=AT)
        assert file["commitment"]["lists"]["a"][0]["take"] == take


def test_each_member_is_as_likely_as_another() -> None:
    """3 of 10, 4 000 seeds: expected 1 200 each; five standard deviations are 145."""
    hits: Counter[str] = Counter()
    members = [str(n) for n in range(10)]
    for n in range(4000):
        hits.update(Stream(hashlib.sha256(str(n).encode()).digest(), "x").choose(members, 3))
    assert all(abs(count - 1200) < 145 for count in hits.values())


@given(st.binary(min_size=32, max_size=32), st.integers(1, 1 << 63))
@settings(max_examples=200, deadline=None)
def test_numbers_stay_below_their_bound(seed: bytes, bound: int) -> None:
    stream = Stream(seed, "l")
    assert all(0 <= stream.below(bound) < bound for _ in range(5))


def test_the_seed_depends_on_the_commitment_and_on_the_randomness() -> None:
    digest = committed()["commitment_sha256"]
    assert len({seed_of(digest, PULSE), seed_of("00" * 32, PULSE), seed_of(digest, PULSE | {"value": "00" * 32})}) == 3


def test_the_whole_way_on_the_command_line(tmp_path: Path, capsys: Out) -> None:
    parties = {}
    for party in ("甲", "乙"):
        assert main(["draw", "secret", party, "--json"]) == 0
        parties[party] = json.loads(capsys.readouterr().out)
    plan = make_plan(randomness={"source": "reveals", "parties": {p: d["commitment"] for p, d in parties.items()}})
    (tmp_path / "plan.json").write_text(json.dumps(plan), "utf-8")
    assert main(["draw", "commit", str(tmp_path / "plan.json"), "--json"]) == 0
    published = json.loads(capsys.readouterr().out)["commitment_sha256"]
    reveals = [x for p, d in parties.items() for x in ("--reveal", f"{p}={d['secret']}")]
    assert main(["draw", "run", str(tmp_path / "plan.draw.json"), *reveals]) == 0
    done = tmp_path / "plan.drawn.json"
    assert main(["draw", "verify", str(done), "--commitment", published, "--json"]) == 0
    capsys.readouterr()
    assert main(["draw", "run", str(tmp_path / "plan.draw.json"), *reveals]) == 2
    assert capsys.readouterr().err.startswith("exists: ")
    changed = json.loads(done.read_text("utf-8"))
    changed["sample"]["lists"]["inspectors"][""].pop()
    done.write_text(json.dumps(changed), "utf-8")
    assert main(["draw", "verify", str(done), "--commitment", published]) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"v": 2}', "[" * 100000])
def test_files_that_are_no_draw_are_refused_in_one_line(text: str, tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "x.json").write_text(text)
    for argv in (["commit"], ["verify"], ["run", "--randomness", str(tmp_path / "x.json")]):
        assert main(["draw", argv[0], str(tmp_path / "x.json"), *argv[1:]]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
