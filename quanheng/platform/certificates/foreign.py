"""Reads of foreign certificates: who sees them, where they show, what their signatures proved in words."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.platform.certificates.models import ForeignCertificate, ForeignItem
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.registries import TABS, InstrumentTab
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.trace.registries import PAPERS
from quanheng.platform.web.components import Status

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from quanheng.platform.web.components import Tone

# state of the signatures → tone, word, what it means
SIGNATURES: dict[str, tuple[Tone, StrPromise, StrPromise]] = {
    "valid-now": ("ok", _("签名有效"), _("文件自签名后没有改动,签名证书今天有效,并通到本单位接受的信任根。")),
    "valid-at-timestamp": (
        "ok",
        _("签名在时间戳时有效"),
        _("文件自签名后没有改动;可信时间戳证明签名时证书有效。"),
    ),
    "claimed-time-only": ("due", _("只有自称的时间"), _("签名证书已过期,签名时间只是签名者自称,没有时间戳证明。")),
    "expired": ("bad", _("签名证书已过期"), _("签名时签名证书不在有效期内。")),
    "revoked": ("bad", _("签名证书已吊销"), _("签名证书已被吊销,签名不能作为凭据。")),
    "untrusted": (
        "due",
        _("签名者未被接受"),
        _("文件自签名后没有改动,但签名者不通到本单位接受的信任根,身份没有证明。"),
    ),
    "unsupported": ("due", _("签名无法检查"), _("签名的形式或算法不受支持,没有得到任何证明。")),
    "tampered": ("bad", _("签名与文件不符"), _("文件在签名后被改动过。")),
    "absent": ("off", _("没有签名"), _("文件没有签名,来源只凭提交人所说。")),
}
SCHEMAS: dict[str, tuple[Tone, StrPromise]] = {
    "valid": ("ok", _("符合官方架构")),
    "invalid": ("bad", _("不符合官方架构")),
    "missing": ("unknown", _("未安装此版本的架构,没有检查")),
}


def visible(viewer: Actor) -> QuerySet[ForeignCertificate]:
    """Certificates of the viewer's own organisations or supervised region."""
    q = scope_q(
        viewer, owner="organisation", region="organisation__region_id", roles=(*INSTITUTE_ROLES, Role.ENTERPRISE)
    )
    return ForeignCertificate.objects.filter(q).select_related("organisation", "supersedes")


def signature_status(certificate: ForeignCertificate) -> Status:
    """What its signatures proved when it was imported."""
    tone, word, _meaning = SIGNATURES.get(certificate.signature_state, SIGNATURES["unsupported"])
    return Status(tone, word)


def standing(certificate: ForeignCertificate) -> Status:
    """Whether it is the version that counts."""
    if certificate.superseded_by.all():
        return Status("off", _("已有新版本"))
    return Status("ok", _("现行版本"))


def about(viewer: Actor, subject_id: uuid.UUID) -> list[tuple[ForeignCertificate, Status, Status]]:
    """The foreign certificates of one item, superseded ones too, newest first."""
    rows = visible(viewer).filter(items__subject_id=subject_id).prefetch_related("superseded_by")
    return [(c, standing(c), signature_status(c)) for c in rows.order_by("-performed_on", "-created_at")]


def _tab(viewer: Actor, item: Instrument) -> Mapping[str, Any]:
    return {"foreign": about(viewer, item.pk)}


def _has_any(viewer: Actor, item: Instrument) -> bool:
    return visible(viewer).filter(items__subject_id=item.pk).exists()


def _papers(ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    rows = ForeignItem.objects.filter(trace_id__in=ids).values_list("trace_id", "certificate_id")
    return {trace: reverse("certificates:foreign", args=[pk]) for trace, pk in rows}


def register() -> None:
    """Called when the app is ready."""
    tab = InstrumentTab(_("外来证书"), 35, "certificates/tab_foreign.html", _tab, shown=_has_any)
    TABS.register("foreign", tab)
    PAPERS.register("foreign", _papers)
