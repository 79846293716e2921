"""Every Chinese string of the screens has an English translation with the same placeholders."""

from __future__ import annotations

import ast
import re

from scripts import catalogue
from scripts.catalogue import Message

TAGS = re.compile(
    r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{%\s*translate.*?%}|{%\s*comment.*?endcomment\s*%}|{#.*?#}"
    r"|_\([^)]*\)|lang=[\"']zh-Hans[\"']>.*?<",
    re.DOTALL,
)
# Calls whose words people read.
SAYS = {"Denied", "Refused", "Status", "Header", "Action", "Batch", "Figure", "Definition", "Transition", "CellProblem"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def test_nothing_on_the_screens_lacks_an_english_translation() -> None:
    gaps = catalogue.missing()
    assert not gaps, {app: sorted(m.text for m in texts)[:5] for app, texts in gaps.items()}


def test_a_translation_keeps_the_placeholders() -> None:
    wrong = [
        message.text
        for message, forms in catalogue.translations().items()
        for english in forms
        if set(PLACEHOLDER.findall(message.text)) != set(PLACEHOLDER.findall(english))
    ]
    assert not wrong


def test_no_translation_is_left_in_chinese() -> None:
    assert not [f for forms in catalogue.translations().values() for f in forms if catalogue.HAN.search(f)]


def test_one_catalogue_decides_a_word_that_several_apps_say() -> None:
    assert [path.relative_to(catalogue.PLATFORM).parts[0] for path in catalogue.catalogues()] == ["project"]


def test_templates_wrap_every_chinese_word() -> None:
    bare = {}
    for path in catalogue.PLATFORM.glob("*/templates/**/*.html"):
        # The switch names each language in itself.
        left = catalogue.HAN.findall(TAGS.sub("", path.read_text("utf-8")).replace("%}中文{%", ""))
        if left:
            bare[path.name] = "".join(left)
    assert not bare


def test_python_wraps_what_it_says_to_people() -> None:
    bare = []
    for path in catalogue.PLATFORM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYS:
                for argument in (*node.args, *(k.value for k in node.keywords)):
                    if isinstance(argument, ast.Constant) and catalogue.HAN.search(str(argument.value)):
                        bare.append(f"{path.name}:{argument.lineno}")
    assert not bare


def test_python_calls_are_found_with_plural_and_context() -> None:
    source = """
_("一"); gettext_lazy("二" "三"); ngettext("%(n)d 台", "%(n)d 台", n); pgettext_lazy("state", "报停")
npgettext("x", "四", "五", n); other("六"); _(variable)
"""
    assert list(catalogue.python_strings(source)) == [
        Message("一"),
        Message("二三"),
        Message("%(n)d 台", "%(n)d 台"),
        Message("报停", None, "state"),
        Message("四", "五", "x"),
    ]


def test_templates_are_read_as_django_looks_strings_up() -> None:
    source = (
        '{% translate \'查验\' %}{% translate "事项" context "work" %}'
        "{% blocktranslate count n=x|length %}{{ n }} 项 100%{% plural %}{{ n }} 项 100%{% endblocktranslate %}"
        "{% status 'ok' _('合格') %}{{ x|default:_('无') }}{% translate '满 50%' %}"
        "{% blocktranslate with day=d %}至 {{ day }} “止”{% endblocktranslate %}"
    )
    assert list(catalogue.template_strings(source)) == [
        Message("查验"),
        Message("事项", None, "work"),
        Message("%(n)s 项 100%%", "%(n)s 项 100%%"),
        Message("合格"),
        Message("无"),
        Message("满 50%%"),
        Message("至 %(day)s “止”"),
    ]
