"""What a record says of the instrument: as the verifier found it, fixed at submission, printed from there alone.

The ledger may change afterwards; the record does not. Class and parameters are those the procedure judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.naming import Names
from quanheng.platform.instruments.ledger_words import (
    NOT_OF_THE_ITEM,
    contradiction,
    read_class,
)
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.policies import Refused
from quanheng.procedures.records import ITEM_KEYS

IDENTITY = ("serial_number", "manufacturer")  # found wrong, they make it another instrument: filed anew, not corrected


def title_of(key: str) -> str:
    """The name of a field, as the ledger has it."""
    return str(Instrument._meta.get_field(key).verbose_name)  # type: ignore[union-attr]


def of_ledger(instrument: Instrument) -> dict[str, str]:
    """What the ledger says now."""
    return {key: str(getattr(instrument, key) or "") for key in ITEM_KEYS}


def as_entered(record: Record, given: Any) -> dict[str, str]:
    """The record's own words with what the verifier typed; the identity stays as it was filed."""
    kept = {**of_ledger(record.instrument), **(record.data.get("item") or {})}
    if given is None:
        return kept
    if not isinstance(given, Mapping):
        raise Refused(_("器具信息的格式不正确"), code="record_form", place="item")
    for key in editable(record):
        text = given.get(key, kept[key])
        longest = Instrument._meta.get_field(key).max_length  # type: ignore[union-attr]
        if not isinstance(text, str) or len(text) > (longest or 200):
            raise Refused(_("%(what)s最多 %(n)d 字") % {"what": title_of(key), "n": longest}, place=f"item.{key}")
        kept[key] = text.strip()
    return kept


def judged_class(record: Record) -> str | None:
    """The class the procedure judged; None where it judges none."""
    parameters = procedures.loaded(record.procedure_id).procedure.parameters
    if not any(p.key == "accuracy_class" for p in parameters):
        return None
    return str(record.data.get("instrument", {}).get("accuracy_class") or "")


def editable(record: Record) -> tuple[str, ...]:
    """What the verifier may correct: not the identity, and not a class that follows from the parameters."""
    fixed = {*IDENTITY, *(("accuracy_class",) if judged_class(record) is not None else ())}
    return tuple(key for key in ITEM_KEYS if key not in fixed)


def printed(record: Record) -> dict[str, str]:
    """What the certificate says of the instrument."""
    own = record.data.get("item")
    if own is None:  # a record of before: what its document said, which nobody can have changed since
        own = _of_document(record)
    grade = judged_class(record)
    return {**own, **({} if grade is None else {"accuracy_class": grade})}


def _of_document(record: Record) -> dict[str, str]:
    told = dict(record.document.public.get("item", {})) if record.document else {}
    found = {**told, "specification": told.get("model", "")}
    return {key: str(found.get(key, "")) for key in ITEM_KEYS} if told else of_ledger(record.instrument)


def place_of(record: Record) -> str:
    """Where the verification was made, where the verifier wrote nothing."""
    on_site = record.task.delivery == "on_site"
    fallback = record.instrument.location if on_site else record.organisation.address
    return (record.place or fallback or record.organisation.name)[:200]


def complaints(record: Record) -> list[str]:
    """What of the record's own words cannot be printed."""
    own = record.data.get("item")
    if own is None:
        return [_("记录中没有器具信息,请退回检定员重新提交")]
    wrong = [_("缺少%(what)s") % {"what": title_of(key)} for key in ("name", "serial_number") if not own.get(key)]
    parameters = procedures.loaded(record.procedure_id).procedure.parameters
    given = record.data.get("instrument", {})
    if contradiction(parameters, own.get("measuring_range", ""), given):
        wrong.append(_("测量范围“%(text)s”与检定所依据的器具参数不一致,请更正") % {"text": own["measuring_range"]})
    return wrong


def beside_ledger(record: Record) -> list[tuple[str, str, str]]:
    """Where the ledger says something else than the record: what, in the ledger, in the record."""
    ledger, own = of_ledger(record.instrument), printed(record)
    parameters = procedures.loaded(record.procedure_id).procedure.parameters
    grade = judged_class(record)
    rows = []
    for key in ITEM_KEYS:
        same = ledger[key] == own.get(key, "")
        if key == "accuracy_class" and grade is not None:
            same = read_class(parameters, ledger[key]) == grade or not ledger[key]
        if not same:
            rows.append((title_of(key), ledger[key], own.get(key, "")))
    return [*rows, *_parameters(record)]


def _parameters(record: Record) -> list[tuple[str, str, str]]:
    kept, used = record.instrument.parameters, record.data.get("instrument", {})
    names = Names(record.procedure_id, record.data)
    return [
        (names.flat[path], names.value(path, str(kept[key])), names.value(path, str(used.get(key, ""))))
        for key in kept
        if (path := f"instrument.{key}") in names.flat
        and key not in NOT_OF_THE_ITEM
        and kept[key] not in ("", None, [])
        and kept[key] != used.get(key)
    ]


def found_by_verification(record: Record) -> dict[str, Any]:
    """What the ledger has to take over from the signed record: the words that differ, and the parameters."""
    instrument, own = record.instrument, printed(record)
    parameters = procedures.loaded(record.procedure_id).procedure.parameters
    words = {k: own[k] for k in editable(record) if own.get(k) and own[k] != getattr(instrument, k)}
    grade = judged_class(record)
    if grade and read_class(parameters, instrument.accuracy_class) != grade:
        words["accuracy_class"] = grade
    ours = {p.key for p in parameters} - NOT_OF_THE_ITEM
    used = {k: v for k, v in record.data.get("instrument", {}).items() if k in ours and v not in ("", None, [])}
    merged = {**instrument.parameters, **used}
    return {**words, **({"parameters": merged} if merged != instrument.parameters else {})}
