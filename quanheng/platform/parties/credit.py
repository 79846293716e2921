"""The unified social credit code (GB 32100): eighteen characters, the last one a check."""

from __future__ import annotations

from django.utils.translation import gettext as _
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from quanheng.platform.kernel.sheets.cells import CellProblem


def parse_credit_code(text: str) -> str:
    """The code in its one spelling, or the reason why it cannot be one."""
    try:
        return str(uscc.validate(text))
    except InvalidChecksum as error:
        raise CellProblem(_("统一社会信用代码校验位不符,请核对")) from error
    except ValidationError as error:
        raise CellProblem(_("统一社会信用代码应为 18 位数字和大写字母")) from error
