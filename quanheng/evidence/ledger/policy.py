"""Which witnesses must have cosigned a checkpoint: the lines of a C2SP tlog-policy file.

``witness NAME VKEY [URL]`` · ``group NAME all|any|K MEMBER…`` · ``quorum NAME|none``. A ``log VKEY [URL]`` line names
a log's key. Lines that are nothing but a verifier key are accepted too; such witnesses are known but not demanded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from quanheng.errors import InputError
from quanheng.evidence.ledger.note import COSIGNATURE, ED25519, Verifier

MAX_MEMBERS = 64
WORDS = frozenset({"log", "witness", "group", "quorum"})


@dataclass(frozen=True)
class Witness:
    """Somebody who watches the log; ``url`` is where a log submits checkpoints to them."""

    name: str
    verifier: Verifier
    url: str = ""


@dataclass(frozen=True)
class Group:
    """Holds where at least ``threshold`` of its members (witnesses or earlier groups) hold."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """Witnesses and the rule that says which of them suffice; an empty quorum demands nobody."""

    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = ""

    @property
    def demands(self) -> bool:
        return bool(self.quorum)

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        return tuple(item.verifier for item in self.witnesses)

    def satisfied(self, signed_by: Iterable[Verifier]) -> bool:
        """Whether the quorum is among these verified signers."""
        if not self.quorum:
            return True
        signed = set(signed_by)
        holds = {item.name: item.verifier in signed for item in self.witnesses}
        for group in self.groups:
            holds[group.name] = sum(holds[name] for name in group.members) >= group.threshold
        return holds[self.quorum]

    @property
    def text(self) -> str:
        """The rule in one line, for people."""
        names = {group.name: group for group in self.groups}
        keys = {item.name: item.verifier.name for item in self.witnesses}

        def said(name: str) -> str:
            if name not in names:
                return keys[name]
            group = names[name]
            members = ", ".join(said(member) for member in group.members)
            return f"{group.threshold}/{len(group.members)} ({members})"

        return said(self.quorum) if self.quorum else "none"


def at_least(text: str, verifiers: Iterable[Verifier]) -> Policy:
    """The policy of ``--witness any|all|K`` over the witness keys that are known."""
    known = [key for key in dict.fromkeys(verifiers) if key.kind == COSIGNATURE]
    if text not in ("any", "all") and not (text.isascii() and text.isdecimal() and len(text) < 4):
        raise InputError("usage", "Say how many witnesses must have cosigned: any, all or a number.", "--witness")
    threshold = {"any": 1, "all": len(known)}.get(text) or int(text if text.isdecimal() else 0)
    if not 1 <= threshold <= len(known):
        raise InputError(
            "keys", f"KEYS holds {len(known)} witness keys, which cannot make {text}; add their lines.", "--witness"
        )
    witnesses = tuple(Witness(f"w{at}", key) for at, key in enumerate(known))
    return Policy(witnesses, (Group("quorum", threshold, tuple(item.name for item in witnesses)),), "quorum")


@dataclass
class PolicyReader:
    """Collects policy lines of a file, one by one; :meth:`done` gives the policy and the log keys."""

    logs: list[Verifier] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    _quorum: str | None = None
    _names: set[str] = field(default_factory=lambda: {"none"})
    _members: set[str] = field(default_factory=set)

    def line(self, text: str, *, place: str) -> None:
        """Read one line that begins with a word of the format."""
        word, *parts = text.split()
        {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._choose}[word](parts, place)

    def done(self) -> Policy:
        quorum = "" if self._quorum in (None, "none") else str(self._quorum)
        return Policy(tuple(self.witnesses), tuple(self.groups), quorum)

    def _log(self, parts: list[str], place: str) -> None:
        if not 1 <= len(parts) <= 2:
            _refuse("A log is written: log VKEY [URL].", place)
        key = _key(parts[0], ED25519, place)
        if key.public in {item.public for item in self.logs}:
            _refuse("This log's key occurs twice.", place)
        self.logs.append(key)

    def _witness(self, parts: list[str], place: str) -> None:
        if not 2 <= len(parts) <= 3:
            _refuse("A witness is written: witness NAME VKEY [URL].", place)
        key = _key(parts[1], COSIGNATURE, place)
        if key.public in {item.verifier.public for item in self.witnesses}:
            _refuse("This witness' key occurs twice, so one witness would count as two.", place)
        self._new(parts[0], place)
        self.witnesses.append(Witness(parts[0], key, parts[2] if len(parts) > 2 else ""))

    def _group(self, parts: list[str], place: str) -> None:
        name, rule, members = (parts[0], parts[1], parts[2:]) if len(parts) > 2 else ("", "", [])
        if not members or len(members) > MAX_MEMBERS or not set(members) <= self._names - {"none"}:
            _refuse("A group is written: group NAME all|any|K MEMBER…, of members named in lines before.", place)
        if len(set(members)) < len(members) or set(members) & self._members:
            _refuse("A witness or group may be a member only once.", place)
        threshold = {"any": "1", "all": str(len(members))}.get(rule, rule)
        if not (threshold.isascii() and threshold.isdecimal() and 1 <= int(threshold[:4]) <= len(members)):
            _refuse(f"The threshold of a group is all, any or a number up to {len(members)}.", place)
        self._new(name, place)
        self._members |= set(members)
        self.groups.append(Group(name, int(threshold), tuple(members)))

    def _choose(self, parts: list[str], place: str) -> None:
        if self._quorum is not None or len(parts) != 1 or parts[0] not in self._names:
            _refuse("There is one quorum line, with a witness, a group named before, or none.", place)
        self._quorum = parts[0]

    def _new(self, name: str, place: str) -> None:
        if name in self._names:
            _refuse(f"The name {name[:40]} occurs twice.", place)
        self._names.add(name)


def _key(text: str, kind: int, place: str) -> Verifier:
    key = Verifier.parse(text, place=place)
    if key.kind != kind:
        _refuse("A log signs with a key of type 1, a witness with one of type 4.", place)
    return key


def _refuse(message: str, place: str) -> NoReturn:
    raise InputError("policy", message, place)
