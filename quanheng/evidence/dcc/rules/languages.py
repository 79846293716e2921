"""Languages: declared, known, and every mandatory one present wherever there is text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from lxml import etree

from quanheng.evidence.dcc import codes, names
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import children, text

_USED, _MANDATORY = (f"{{{names.DCC}}}{kind}LangCodeISO639_1" for kind in ("used", "mandatory"))


def check(tree: Tree) -> Iterator[Finding]:
    core = tree.core
    used: set[str] = set()
    mandatory: set[str] = set()
    for declared, tag in ((used, _USED), (mandatory, _MANDATORY)):
        for element in core.iterchildren(tag) if core is not None else ():
            declared.add(code := text(element))
            yield from _code(element, code)
    used.discard("")
    mandatory.discard("")
    missing = mandatory - used
    if missing and core is not None:
        listed = ", ".join(sorted(missing))
        words = f"必备语言 {listed} 不在所用语言中", f"mandatory language {listed} is not among the used ones"
        yield finding(core, "language_mandatory", "error", words, f"usedLangCodeISO639_1 = {listed}")
    yield from _texts(tree, used, mandatory)


def _texts(tree: Tree, used: set[str], mandatory: set[str]) -> Iterator[Finding]:
    """Texts that stand together are looked at once for each choice of languages; nearly all have the same."""
    known: dict[tuple[str | None, ...], tuple[bool, bool]] = {}
    for holder, contents in groupby(tree.dcc("content"), etree._Element.getparent):
        langs = tuple([e.get("lang") for e in contents])
        if langs not in known:
            known[langs] = _sound(langs, used, mandatory)
        sound, twice = known[langs]
        if holder is not None and (not sound or (twice and names.local(holder.tag) == "name")):
            yield from _holder(holder, list(children(holder, "content")), used, mandatory)


def _sound(langs: tuple[str | None, ...], used: set[str], mandatory: set[str]) -> tuple[bool, bool]:
    """Whether texts of these languages are in order, and whether a language comes twice, which a name may not."""
    spoken = [lang for text in langs if (lang := (text or "").strip())]
    own = set(spoken)
    lacking = bool(spoken) and len(spoken) == len(langs) and not mandatory <= own
    return own <= used and not lacking, len(own) < len(spoken)


def _code(element: etree._Element, code: str) -> Iterator[Finding]:
    if code in codes.LANGUAGES:
        return
    words = f"“{code}”不是 ISO 639-1 语言代码", f"{code!r} is no ISO 639-1 language code"
    short = code.replace("_", "-").partition("-")[0].lower()
    yield finding(element, "language_code", "error", words, short if short in codes.LANGUAGES else "")


def _holder(
    holder: etree._Element, contents: list[etree._Element], used: set[str], mandatory: set[str]
) -> Iterator[Finding]:
    tagged = [(e, (e.get("lang") or "").strip()) for e in contents]
    spoken = [(e, lang) for e, lang in tagged if lang]
    if not spoken:
        return
    for element, lang in spoken:
        if lang not in used:
            if lang not in codes.LANGUAGES:
                yield from _code(element, lang)
            words = f"语言 {lang} 未声明为所用语言", f"language {lang} is not declared as used"
            remedy = (
                f"在 coreData 增加 usedLangCodeISO639_1 = {lang}",
                f"add usedLangCodeISO639_1 = {lang} to coreData",
            )
            yield finding(element, "language_undeclared", "warning", words, remedy)
    # descriptions and addresses may run over several lines; a name may not
    several = (
        []
        if names.local(holder.tag) != "name"
        else [lang for lang, count in Counter(lang for _, lang in spoken).items() if count > 1]
    )
    for lang in several:
        words = f"语言 {lang} 的文字出现多次", f"there are several texts in language {lang}"
        yield finding(holder, "language_duplicate", "warning", words, ("合并为一段", "join them into one"))
    # a text without a language is a name that has only one form
    lacking = mandatory - {lang for _, lang in spoken}
    if spoken and lacking and len(spoken) == len(tagged):
        listed = ", ".join(sorted(lacking))
        words = f"缺少必备语言 {listed} 的文字", f"the text in the mandatory language {listed} is missing"
        yield finding(holder, "language_missing", "warning", words, (f"补上 {listed}", f"add {listed}"))
