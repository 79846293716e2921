"""The second factor of a signature: what can prove it is registered by the app that keeps people's devices."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.registries import Registry

Proof = Callable[[User, str], bool]
FACTORS: Registry[Proof] = Registry("second_factors")


def prove(user: User, code: str) -> str:
    """The name of the factor that the code proves, such as ``TOTP``; refused where none does. A code serves once."""
    if not len(FACTORS.values()):
        raise Refused(_("系统未配置第二因素,不能签发"), code="second_factor", place="code")
    for name, proves in FACTORS:
        if proves(user, code.strip()):
            return name
    raise Refused(_("动态口令不正确或已使用过"), code="second_factor", place="code")
