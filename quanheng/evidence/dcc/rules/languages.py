"""Languages: declared, known, and every mandatory one present wherever there is text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.dcc import codes, names
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import child, children, text, values


def check(tree: Tree) -> Iterator[Finding]:
    core = child(child(tree.root, "administrativeData"), "coreData")
    used = set(values(core, "usedLangCodeISO639_1"))
    mandatory = set(values(core, "mandatoryLangCodeISO639_1"))
    for name in ("usedLangCodeISO639_1", "mandatoryLangCodeISO639_1"):
        for element in children(core, name):
            yield from _code(element, text(element))
    missing = mandatory - used
    if missing and core is not None:
        listed = ", ".join(sorted(missing))
        words = f"必备语言 {listed} 不在所用语言中", f"mandatory language {listed} is not among the used ones"
        yield finding(core, "language_mandatory", "error", words, f"usedLangCodeISO639_1 = {listed}")
    yield from _texts(tree, used, mandatory)


def _texts(tree: Tree, used: set[str], mandatory: set[str]) -> Iterator[Finding]:
    """Texts that stand together are looked at once for each choice of languages; nearly all have the same."""
    sound: dict[tuple[str | None, ...], bool] = {}
    contents = list(tree.dcc("content"))
    spoken = [e.get("lang") for e in contents]
    holders = [e.getparent() for e in contents]
    first = 0
    while first < len(holders):
        holder, last = holders[first], first + 1
        while last < len(holders) and holders[last] is holder:
            last += 1
        langs = tuple(spoken[first:last])
        first = last
        if langs not in sound:
            own = set(langs)
            sound[langs] = not any(langs) or (len(own) == len(langs) and mandatory <= own <= used)
        if not sound[langs] and holder is not None:
            yield from _holder(holder, list(children(holder, "content")), used, mandatory)


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
