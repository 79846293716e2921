"""Writes to the instrument ledger."""

from quanheng.platform.instruments.services.filing import (
    confirm_filings,
    return_filings,
    submit_filing,
    withdraw_filing,
)
from quanheng.platform.instruments.services.keeping import (
    add_instrument,
    correct_by_verification,
    edit_instrument,
    fixed_fields,
    transfer_instruments,
)
from quanheng.platform.instruments.services.life import (
    relocate,
    restart,
    return_from_repair,
    scrap,
    send_to_repair,
    stop,
)
from quanheng.platform.instruments.services.lots import take_from_lot, take_some_from_lot
from quanheng.platform.instruments.services.results import (
    Result,
    complete_parameters,
    set_verification_result,
    set_verification_results,
)
from quanheng.platform.instruments.services.validity import Moved, extend_periods, undo_extension

__all__ = [
    "Moved",
    "Result",
    "add_instrument",
    "complete_parameters",
    "confirm_filings",
    "correct_by_verification",
    "edit_instrument",
    "extend_periods",
    "fixed_fields",
    "relocate",
    "restart",
    "return_filings",
    "return_from_repair",
    "scrap",
    "send_to_repair",
    "set_verification_result",
    "set_verification_results",
    "stop",
    "submit_filing",
    "take_from_lot",
    "take_some_from_lot",
    "transfer_instruments",
    "undo_extension",
    "withdraw_filing",
]
