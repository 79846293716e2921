"""The definitions of docs/trace-format.md, read aloud: plain recursion over lists, shared with nothing."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
FAR = 10**9


def in_force(certificates: list[Row], item: Any, day: int) -> tuple[Row | None, str | None, Row | None]:
    """(certificate in force, code where there is none, certificate a use counts under for recall)."""
    own = [c for c in certificates if c["item_id"] == item]
    if not own:
        return None, "no_certificate", None
    begun = sorted((c for c in own if c["valid_from"] <= day), key=lambda c: c["valid_from"])  # stable: order of entry
    if not begun:
        return None, "not_yet_valid", None
    good = [c for c in begun if (FAR if c["void_from"] is None else c["void_from"]) > day]
    if good and (FAR if good[-1]["valid_to"] is None else good[-1]["valid_to"]) >= day:
        return good[-1], None, good[-1]
    code = "expired" if good and good[-1] is begun[-1] else "revoked"
    return None, code, good[-1] if good else begun[-1]


def link(items: dict[Any, Row], certificates: list[Row], use: Row) -> tuple[str | None, Row | None]:
    """(code or None, certificate the chain goes on with)."""
    item, day = items[use["standard_id"]], use["used_on"]
    if item["condemned_from"] is not None and item["condemned_from"] <= day:
        return "condemned", None
    above = None
    if not item["is_root"]:
        above, code, _ = in_force(certificates, use["standard_id"], day)
        if above is None:
            return code, None
        if None not in (use["use_low"], above["range_low"]) and use["use_low"] < above["range_low"]:
            return "out_of_range", None
        if None not in (use["use_high"], above["range_high"]) and use["use_high"] > above["range_high"]:
            return "out_of_range", None
    limit = 1 / 3 if use["ratio_limit"] is None else use["ratio_limit"]
    if use["u_ratio"] is not None and use["u_ratio"] > limit * (1 + 1e-9):
        return "ratio", None
    return None, above


def prove(nodes: list[Row], edges: list[Row], item: Any, day: int) -> Row:
    items = {n["node_id"]: n for n in nodes if n["kind"] == "item"}
    certificates = [n for n in nodes if n["kind"] == "certificate"]

    def links(certificate: Row) -> list[tuple[Row, str | None, Row | None]]:
        own = [e for e in edges if e["certificate_id"] == certificate["node_id"]]
        return [(e, *link(items, certificates, e)) for e in own]

    def loops(certificate: Row, path: tuple[Any, ...]) -> bool:
        if certificate["node_id"] in path:
            return True
        deeper = (*path, certificate["node_id"])
        return any(above is not None and loops(above, deeper) for _, _, above in links(certificate))

    def broken(certificate: Row) -> tuple[Any, str] | None:
        if not links(certificate):
            return certificate["item_id"], "no_root"
        for use, code, above in links(certificate):
            if code is not None:
                return use["standard_id"], code
            if above is not None and (found := broken(above)):
                return found
        return None

    def proven(certificate: Row) -> bool:
        return certificate["basis"] == "proven" and all(
            above is None or proven(above) for _, _, above in links(certificate)
        )

    own = items[item]
    if own["condemned_from"] is not None and own["condemned_from"] <= day:
        return {"holds": False, "proven": False, "broken": (item, "condemned")}
    if own["is_root"]:
        return {"holds": True, "proven": True, "broken": None}
    certificate, code, _ = in_force(certificates, item, day)
    if certificate is None:
        return {"holds": False, "proven": False, "broken": (item, code)}
    if loops(certificate, ()):
        into = next(e for e, _, above in links(certificate) if above is not None and loops(above, ()))
        return {"holds": False, "proven": False, "broken": (into["standard_id"], "cycle")}
    found = broken(certificate)
    return {"holds": found is None, "proven": found is None and proven(certificate), "broken": found}


def recall(nodes: list[Row], edges: list[Row], standard: Any, since: int, until: int) -> dict[Any, int]:
    """certificate → depth."""
    certificates = [n for n in nodes if n["kind"] == "certificate"]
    found: dict[Any, int] = {}
    level = {e["certificate_id"] for e in edges if e["standard_id"] == standard and since <= e["used_on"] <= until}
    depth = 0
    while level:
        depth += 1
        found.update(dict.fromkeys(level, depth))
        hanging = set()
        for edge in edges:
            _, _, counted = in_force(certificates, edge["standard_id"], edge["used_on"])
            if counted is not None and counted["node_id"] in level:
                hanging.add(edge["certificate_id"])
        level = hanging - set(found)
    return found
