"""The import of foreign certificates as the product's import engine knows it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.certificates.intake.applying import apply, undo
from quanheng.platform.certificates.intake.checking import check
from quanheng.platform.certificates.intake.rows import COLUMNS, source
from quanheng.platform.instruments import policies as instruments
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.imports import IMPORTS, ImportKind
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.standards import services as standards

NAME = "dcc"


def may_import(actor: Actor, organisation: Organisation) -> Decision:
    """Who keeps the organisation's instruments or its standards."""
    if instruments.may_keep_for(actor, organisation) or standards.may_keep(actor, organisation):
        return Allowed()
    return Denied(_("只有本单位的计量人员可以导入外来证书"))


KIND = ImportKind(
    name=NAME,
    title=gettext_lazy("外来数字证书"),
    columns=COLUMNS,
    may=may_import,
    check=check,
    apply=apply,
    undo=undo,
    source=source,
    page="certificates:intake-batch",
    start="certificates:intake",
)


def register() -> None:
    """Called when the app is ready."""
    IMPORTS.register(NAME, KIND)
