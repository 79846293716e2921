"""How a scanned code stands today, in the words of the public page. Nothing personal, nothing of the trade."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from quanheng.evidence.ledger import CERTIFICATE_REVOKED
from quanheng.platform.documents.models import Document, Leaf, Origin
from quanheng.platform.documents.numbering import CODE_LENGTH
from quanheng.platform.documents.public import PUBLIC_SUBJECTS, ChainFacts, PublicSubject, SubjectSource
from quanheng.platform.documents.validity import BAD, VERDICTS, End, Standing, standing_of
from quanheng.platform.kernel import clock
from quanheng.platform.web.components import Status, Tone

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# Headlines under which the chain behind a certificate still means something.
HOLDING = ("valid", "recorded", "in_force", "lapsed", "expired", "suspended", "out_of_use")
RESULTS = {"valid": "in_force", "expired": "lapsed"}  # a document of results judges nothing
OWN_LEAF = ("certificate_issued", "certificate_replaced")


@dataclass(frozen=True)
class Headline:
    """The first line: its word, its tone, and what it means in one sentence."""

    key: str
    word: StrPromise
    tone: Tone
    text: StrPromise | str


HEADLINES = {
    h.key: h
    for h in (
        Headline("valid", _("有效"), "ok", _("检定合格,在有效期内。")),
        Headline(
            "recorded",
            _("有效(历史记录,未见证明)"),
            "due",
            _("签发机构的历史记录写明检定合格、在有效期内;本系统没有可核验的文件,请向签发机构核对。"),
        ),
        Headline(
            "in_force", _("有效"), "ok", _("这份文书由本系统签发,没有被撤销或替换。它陈述测得的结果,不是检定结论。")
        ),
        Headline("lapsed", _("过期"), "bad", _("文书写明的有效期已过。")),
        Headline("expired", _("过期"), "bad", _("检定有效期已过,尚未见新的检定。")),
        Headline("unverified", _("未见检定"), "due", _("系统中没有这台器具的有效检定记录。")),
        Headline("unknown", _("查无此器具"), "bad", _("没有这个编号的器具或证书。请核对编号,谨防伪造。")),
        Headline(
            "no_code",
            _("这不是查验码"),
            "due",
            _(
                "器具编码和证书查验码都是 12 位字母和数字。证书编号依次编排,谁都猜得到,所以不凭编号查验:"
                "请输入证书二维码下方网址末尾的 12 位查验码,或上传证书文件。"
            ),
        ),
        Headline("revoked", _("已撤销"), "bad", _("这份文书已被签发机构撤销,不再有效。")),
        Headline("replaced", _("已被替换"), "due", _("这份文书已被新的文书替换,请以新的为准。")),
        Headline("rejected", _("不合格"), "bad", _("最近一次检定不合格,不得使用。")),
        Headline("ended", _("已失效"), "bad", _("修理、更换、迁移或撤销之后,原检定不再有效,须重新检定。")),
        Headline("awaiting", _("修后待检"), "due", _("这台器具修理之后尚未重新检定,合格前不得使用。")),
        Headline("superseded", _("已被新证书取代"), "due", _("这台器具此后已重新检定,请以新的文书为准。")),
        Headline("suspended", _("停用中"), "off", _("证书仍在有效期内,但器具已停用:重新启用之前不得使用。")),
        Headline("out_of_use", _("已停用"), "off", _("使用单位已报停这台器具:重新启用之前不得使用。")),
        Headline("repair", _("维修中"), "off", _("这台器具正在修理:修好并检定合格之前不得使用。")),
        Headline("scrapped", _("已报废"), "bad", _("这台器具已报废,不得使用。")),
    )
}


# Why a certificate is no longer valid, since when.
ENDED = {
    "moved": _("%(day)s 器具已迁移,检定自当日起失效,须重新检定。"),
    "repaired": _("%(day)s 器具已送修,检定自当日起失效,须重新检定。"),
    "changed": _("%(day)s 器具已改变,检定自当日起失效,须重新检定。"),
    "scrapped": _("%(day)s 器具已报废,检定自当日起失效。"),
    "rejected": _("%(day)s 检定不合格,本证书自当日起失效,器具不得使用;见 %(number)s。"),
    "superseded": _("%(day)s 已重新检定,请以 %(number)s 为准。"),
}


def status(standing: Standing) -> Status:
    """The word and tone of a list: those of the public page."""
    headline = HEADLINES[standing.key]
    return Status(headline.tone, headline.word)


def ended_words(end: End) -> str:
    """The sentence that says when and why a document ended."""
    number = end.document.number if end.document else ""
    return str(ENDED[end.cause]) % {"day": end.on.isoformat(), "number": number}


@dataclass(frozen=True)
class Place:
    """Where a document stands in the public log; ``index`` None: it enters within a minute."""

    index: int | None
    leaf_hash: str
    size: int = 0


@dataclass(frozen=True)
class Answer:
    """Everything the public page may show. The fields are the whitelist."""

    code: str
    headline: Headline
    item: Mapping[str, str]
    subject_code: str = ""
    document: Mapping[str, str] | None = None
    norm: Mapping[str, str] | None = None
    standards: tuple[Mapping[str, str], ...] = ()
    unverified: int = 0
    chain: ChainFacts | None = None
    place: Place | None = None
    newer: Mapping[str, str] | None = None
    void_from: dt.date | None = None
    withdrawn_on: dt.date | None = None


def find(code: str) -> Answer:
    """The answer to a code from a label, a certificate or the keyboard."""
    code = code.strip().upper()[:40]
    document = Document.objects.filter(public_code=code).first() if code else None
    if document is not None:
        return _of_document(document, clock.today())
    for source in PUBLIC_SUBJECTS.values():
        subject = source.by_code(code) if code else None
        if subject is not None:
            return _of_subject(subject, source, clock.today())
    return Answer(code, HEADLINES["unknown" if len(code) == CODE_LENGTH else "no_code"], {})


def _of_subject(subject: PublicSubject, source: SubjectSource, today: dt.date) -> Answer:
    document = Document.objects.filter(pk=subject.document_id).first() if subject.document_id else None
    headline = _headline(subject_key(subject, today), document)
    if document is None:
        return Answer(subject.code, headline, subject.item, subject.code)
    item, over = _item(document, subject), subject.invalidated_on is not None
    return _with_document(subject.code, headline, item, subject.code, document, source, over=over)


def _item(document: Document, subject: PublicSubject | None) -> Mapping[str, str]:
    """What the document says was verified; the ledger speaks where the document is only known by its number."""
    told = {k: str(v) for k, v in (document.public.get("item") or {}).items() if v}
    return told or (subject.item if subject else {})


def _headline(key: str, document: Document | None) -> Headline:
    """A pass that only a bureau's history tells of is said to be valid as such, never as one that we can prove."""
    if key == "valid" and document is not None and document.origin == Origin.IMPORTED:
        return HEADLINES["recorded"]
    if document is not None and document.kind not in VERDICTS:
        key = RESULTS.get(key, key)
    return HEADLINES[key]


def subject_key(subject: PublicSubject, today: dt.date) -> str:
    """The headline of an instrument."""
    if subject.state == "awaiting":
        return "awaiting"
    if subject.state != "in_use":
        refused = subject.verdict == "reject" and subject.state != "scrapped"
        return "rejected" if refused else {"stopped": "out_of_use"}.get(subject.state, subject.state)
    if subject.verified_on is None:
        return "unverified"
    if subject.verdict == "reject":
        return "rejected"
    if subject.invalidated_on is not None:
        return "ended"
    return "expired" if subject.valid_until is not None and subject.valid_until < today else "valid"


def _of_document(document: Document, today: dt.date) -> Answer:
    source = _source(document)
    subject = source.by_id(document.subject_id) if source else None
    standing = standing_of(document, today, idle=subject is not None and subject.state != "in_use")
    headline = _headline(standing.key, document)
    if standing.end is not None:
        headline = replace(headline, text=ended_words(standing.end))
    newer = standing.end.document if standing.end else None
    if document.state == "replaced":
        newer = document.replaced_by.first()
    label = subject.code if subject else ""
    return _with_document(document.public_code, headline, _item(document, subject), label, document, source, newer)


def _named(document: Document | None) -> dict[str, str] | None:
    if document is None:
        return None
    return {"code": document.public_code, "number": document.number, "kind": str(document.get_kind_display())}


def _source(document: Document) -> SubjectSource | None:
    return PUBLIC_SUBJECTS.get(document.subject_type)


def _with_document(
    code: str,
    headline: Headline,
    item: Mapping[str, str],
    subject_code: str,
    document: Document,
    source: SubjectSource | None,
    newer: Document | None = None,
    *,
    over: bool = False,
) -> Answer:
    chain = None
    if source is not None and headline.key in HOLDING and document.verdict not in BAD:
        chain = source.chain(document.subject_id, document.performed_on)
    return Answer(
        code=code,
        headline=headline,
        item=item,
        subject_code=subject_code,
        document={
            "number": document.number,
            "code": document.public_code,
            "kind": document.get_kind_display(),
            "verification": "yes" if document.kind in VERDICTS else "",
            "issuer": document.issuer_name,
            "performed_on": document.performed_on.isoformat(),
            "issued_on": document.issued_on.isoformat(),
            "valid_until": _until(document, headline, over),
            "origin": document.origin,
        },
        norm=document.public.get("norm"),
        standards=tuple(document.public.get("standards", ())),
        unverified=int(document.public.get("unverified", 0)),
        chain=chain,
        place=_place(document) if document.origin == Origin.ISSUED else None,
        newer=_named(newer),
        void_from=document.void_from,
        withdrawn_on=_withdrawn_on(document),
    )


def _withdrawn_on(document: Document) -> dt.date | None:
    """The day on which the issuer replaced or revoked it. The reason is typed by people and stays with the issuer."""
    if document.state == "replaced":
        new = document.replaced_by.first()
        return new.issued_on if new else None
    if document.state != "revoked":
        return None
    row = Leaf.objects.filter(document=document, type=CERTIFICATE_REVOKED).order_by("id").first()
    return clock.civil_date(row.created_at) if row else None


def _until(document: Document, headline: Headline, over: bool) -> str:
    """Until when, where it still counts: a later date beside 须重新检定 would be read as permission."""
    if document.valid_until is None or over or headline.key not in HOLDING:
        return ""
    return document.valid_until.isoformat()


def _place(document: Document) -> Place | None:
    row = Leaf.objects.filter(document=document, type__in=OWN_LEAF).order_by("id").first()
    return Place(row.index, row.leaf_hash) if row else None
