"""Where an unverified value comes from, as a note people can read: the library keeps the words of who found it."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quanheng.platform.kernel.language import in_english

HOST = re.compile(r"^(?:www\.)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?![A-Za-z0-9_.])[\s/]*(.*)$")
ANY_HOST = re.compile(r"(?<![A-Za-z0-9_.])(?:[a-z0-9-]+\.)+[a-z]{2,}(?![A-Za-z0-9_.])(?:/[A-Za-z0-9_./-]*)?")
OFFICIAL = (".gov.cn", ".oiml.org", ".iso.org")
CLAUSE = r"(?: (?:[A-Z]?\.?\d[\d.]*|[A-Z](?:\.\d+)+)(?![A-Za-z0-9-]))?"
NORM = re.compile(r"(?:OIML R|JJ[GF]|GB/T|GB|IEC|JIS B|DB\d+/T) ?\d[A-Za-z0-9.:-]*" + CLAUSE)
HAN = re.compile(r"[\u3400-\u9fff]")
PROSE = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}|[a-z]{4,}")
REST = gettext_noop("整理时的说明,未与原文核对")
Say = Callable[[re.Match[str]], str]
# Whole notes first: they hold the semicolon that else parts one source from the next.
WHOLE: tuple[tuple[str, Say], ...] = (
    (
        r"general knowledge; the clause of ((?!the ).+?) was not read",
        lambda m: _("通用知识,未读到 %(what)s 的条文") % {"what": m[1]},
    ),
    (
        r"two readings per point and their mean, general knowledge; the clause of (.+?) was not read",
        lambda m: _("每点读两次取平均属通用知识,未读到 %(what)s 的条文") % {"what": m[1]},
    ),
    (
        r"engineering rule of this software; the norm's own rule was not read",
        lambda m: _("本软件的工程规则,未读到规程自己的规定"),
    ),
)
PARTS: tuple[tuple[str, Say], ...] = (
    (r"recall(?:\(.*\))?", lambda m: _("凭记忆整理,未核对原文")),
    (
        r"(.+?) table (\d+), this cell not read",
        lambda m: _("%(what)s 表 %(n)s,未读到这一格") % {"what": m[1], "n": m[2]},
    ),
    (r"((?:OIML|JJG|IEC|GB)(?:(?![a-z]{3})[^,])+), not read", lambda m: _("%(what)s,未读到原文") % {"what": m[1]}),
    (r"public test-bench programs on GitHub \(.+\)", lambda m: _("公开的检定台程序")),
    (
        r"(.+?)(?: on [a-z ]+| table \d+)?,? in (?:one copy|two copies|three copies) \(.+\)",
        lambda m: _("%(what)s 的转载") % {"what": m[1]},
    ),
    (r".+ \(one maker's text on the (\d+) edition\)", lambda m: _("一家厂商对 %(year)s 版的说明") % {"year": m[1]}),
    (r".+ \(article on (.+)\)", lambda m: _("介绍 %(what)s 的文章") % {"what": m[1].replace(" and ", "、")}),
    (r"legal rule common to all verification regulations.*", lambda m: _("各检定规程通用的法定规则")),
    (r"general (?:practice|knowledge)", lambda m: _("通行做法")),
    (
        r"the (?:clause of the )?(\d{4}) (?:clause|edition) was not read",
        lambda m: _("未读到 %(year)s 版的条文") % {"year": m[1]},
    ),
    (r"the clause of ((?!the ).+?) was not read", lambda m: _("未读到 %(what)s 的条文") % {"what": m[1]}),
)


def readable(source: str) -> str:
    """The note, part by part: copies as copies, memory as memory, what was not read as not read.

    Where a copy was found says nothing to a reader of a document; the library and the law's own page keep it.
    """
    source = source.strip().rstrip("。.;；")
    english = in_english()
    if english and source.isascii():
        return source
    for pattern, say in WHOLE:
        if found := re.fullmatch(pattern, source):
            return say(found)
    parts = [_part(p.strip()) for p in re.split(r"[;；](?![^()（）]*[)）])", source) if p.strip()]
    telling = [p for p in parts if p != _(REST)] or parts
    return ("; " if english else ";").join(dict.fromkeys(telling))


def _part(text: str) -> str:
    for pattern, say in PARTS:
        if found := re.fullmatch(pattern, text):
            return say(found)
    norms = "、".join(dict.fromkeys(n.strip() for n in NORM.findall(re.sub(r"(JJ[GF])(?=\d)", r"\1 ", text))))
    if found := HOST.match(text):
        if f".{found[1]}".endswith(OFFICIAL):
            return _("网页 %(host)s") % {"host": found[1]}
        return _("%(what)s 的网上转载") % {"what": norms} if norms else _("网上转载")
    if HAN.search(text):
        return ANY_HOST.sub(_("网上转载"), text)
    if not PROSE.search(text) and not ANY_HOST.search(text):
        return text
    return _("参照 %(what)s,未与原文核对") % {"what": norms} if norms else _(REST)
