"""Where an unverified value comes from, as a note people can read: the library keeps the words of who found it."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

HOST = re.compile(r"^(?:www\.)?((?:[a-z0-9-]+\.)+[a-z]{2,})[\s/]*(.*)$")
Say = Callable[[re.Match[str]], str]
# Whole notes first: they hold the semicolon that else parts one source from the next.
WHOLE: tuple[tuple[str, Say], ...] = (
    (
        r"general knowledge; the clause of (.+?) was not read",
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
    (r"(.+), this cell not read", lambda m: _("%(what)s,未读到这一格") % {"what": m[1]}),
    (r"(.+), not read", lambda m: _("%(what)s,未读到原文") % {"what": m[1]}),
    (
        r"public test-bench programs on GitHub \((.+)\)",
        lambda m: _("公开的检定台程序(%(what)s)") % {"what": m[1]},
    ),
    (
        r"(.+?),? in (one copy|two copies|three copies) \((.+)\)",
        lambda m: _("%(what)s 的转载(%(where)s)") % {"what": m[1], "where": m[3]},
    ),
    (
        r"(.+) \(one maker's text on the (\d+) edition\)",
        lambda m: _("一家厂商对 %(year)s 版的说明(%(where)s)") % {"year": m[2], "where": m[1]},
    ),
    (r"(.+) \(article on (.+)\)", lambda m: _("介绍 %(what)s 的文章(%(where)s)") % {"what": m[2], "where": m[1]}),
    (r"legal rule common to all verification regulations.*", lambda m: _("各检定规程通用的法定规则")),
)


def readable(source: str) -> str:
    """The note, part by part: pages by their host, memory as memory, what was not read as not read."""
    source = source.strip().rstrip("。.;；")
    if (get_language() or "").startswith("en") and source.isascii():
        return source
    for pattern, say in WHOLE:
        if found := re.fullmatch(pattern, source):
            return say(found)
    parts = [_part(p.strip()) for p in re.split(r"[;；](?![^()（）]*[)）])", source) if p.strip()]
    return (
        "; ".join(dict.fromkeys(parts)) if (get_language() or "").startswith("en") else ";".join(dict.fromkeys(parts))
    )


def _part(text: str) -> str:
    for pattern, say in PARTS:
        if found := re.fullmatch(pattern, text):
            return say(found)
    if found := HOST.match(text):
        rest = found[2].strip(" /,;")
        words = {"host": found[1], "what": rest}
        return _("网页 %(host)s(%(what)s)") % words if rest else _("网页 %(host)s") % words
    return text
