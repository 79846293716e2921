"""The longest interval to the next verification."""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from typing import Any

from quanheng.metrology.decimals import CONTEXT
from quanheng.procedures.loader import Loaded, load
from quanheng.procedures.setting import Ledger, definitions, instrument


def period_months(
    procedure: Loaded | str, parameters: Mapping[str, Any], purpose: str = "subsequent"
) -> dict[str, Any] | None:
    """``{months: int | None, zh, en, verified, source}`` for this instrument; None where its parameters do not tell.

    `months` None means that no further verification follows: the instrument is replaced when due.
    """
    loaded = load(procedure) if isinstance(procedure, str) else procedure
    scope: dict[str, Any] = {"purpose": purpose}
    ledger = Ledger()
    with decimal.localcontext(CONTEXT):
        instrument(loaded.procedure, parameters, scope, ledger)
        definitions(loaded.procedure, scope, ledger)
        for period in loaded.procedure.period:
            holds = ledger.holds(period.when, scope, "period")
            if holds is None:
                return None
            if holds:
                mark = {"verified": period.verified, "source": period.source}
                return {"months": period.months, "zh": period.text.zh, "en": period.text.en, **mark}
    return None
