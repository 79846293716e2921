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
    """``{months, then, zh, en, verified, source}`` for this instrument; None where its parameters do not tell.

    `then` is ``verify``, or ``replace`` where the norm knows a first verification only and a limit of use.
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
                return {
                    "months": period.months,
                    "then": period.then,
                    "zh": period.text.zh,
                    "en": period.text.en,
                    **mark,
                }
    return None
