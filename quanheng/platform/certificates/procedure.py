"""The procedure engine as this app uses it: plain JSON in and out, records of hostile origin."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel.policies import Refused
from quanheng.procedures import Loaded, evaluate, load
from quanheng.procedures.engine import complete
from quanheng.procedures.results import Evaluation

MAX_RECORD = 512 * 1024


def loaded(procedure_id: str) -> Loaded:
    """The procedure, or a refusal that a person understands."""
    try:
        return load(procedure_id)
    except InputError as error:
        if error.code != "procedure_unknown":
            raise
        raise Refused(_("没有可执行的检定程序 %(id)s") % {"id": procedure_id or "-"}, code="no_procedure") from error


@functools.lru_cache(maxsize=128)
def _evaluated(procedure_id: str, text: str) -> Evaluation:
    """The engine is pure: three people ask it about one record, and a process need not answer more than once."""
    return evaluate(loaded(procedure_id), json.loads(text))


def evaluated(procedure_id: str, data: Mapping[str, Any]) -> Evaluation:
    """The engine's answer for a record as it stands; not to be changed."""
    return _evaluated(procedure_id, json.dumps(data, ensure_ascii=False))


@functools.lru_cache(maxsize=128)
def _computed(procedure_id: str, text: str) -> str:
    return json.dumps(complete(_evaluated(procedure_id, text)).to_json(), ensure_ascii=False)


def compute(procedure_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a complete record, as JSON; InputError names the first field that is missing or wrong."""
    result: dict[str, Any] = json.loads(_computed(procedure_id, json.dumps(data, ensure_ascii=False)))
    return result


def live(procedure_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What can be computed from a record still being filled in."""
    answer: dict[str, Any] = as_json(evaluated(procedure_id, data).to_json())
    return answer


def as_json(value: Any) -> Any:
    """The value as the database gives it back, so that stored and fresh compare equal."""
    return json.loads(json.dumps(value, ensure_ascii=False))


def checked_size(data: Mapping[str, Any]) -> None:
    """Refuse a record that no sheet could have."""
    if len(json.dumps(data, ensure_ascii=False)) > MAX_RECORD:
        raise InputError("record_too_large", f"a record is at most {MAX_RECORD // 1024} KiB", "data")
