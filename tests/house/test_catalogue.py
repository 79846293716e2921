"""Every Chinese string of the screens has an English translation with the same placeholders."""

from __future__ import annotations

import re

from scripts import catalogue

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


def test_nothing_on_the_screens_lacks_an_english_translation() -> None:
    gaps = catalogue.missing()
    assert not gaps, {app: sorted(texts)[:5] for app, texts in gaps.items()}


def test_a_translation_keeps_the_placeholders() -> None:
    wrong = [
        text
        for text, english in catalogue.translations().items()
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english))
    ]
    assert not wrong
