"""The built assets: complete, from nowhere but here, and able to print every name."""

from __future__ import annotations

import os
import re

import pytest

from quanheng.evidence.rendering import fonts
from scripts import assets

RARE = "𠮷䶮𠀀𪛖𪜀𫝀𫠠𬺰"  # Extensions A, B, C, D, E and F; people and places bear such names


@pytest.fixture(scope="module", autouse=True)
def built():
    """``make test`` builds them; a bare pytest may come before."""
    if not assets.ready():
        lacking = "the browser assets are not built: run `make assets`"
        if os.environ.get("CI") == "true":
            pytest.fail(lacking)
        pytest.skip(lacking)


def test_every_file_that_a_style_asks_for_is_there():
    styles = sorted(assets.VENDOR.rglob("*.css"))
    assert styles
    for style in styles:
        text = style.read_text("utf-8")
        asked = {name for name in re.findall(r"url\(['\"]?([^'\")]+)", text) if not name.startswith(("data:", "#"))}
        assert [name for name in asked if not (style.parent / name).exists()] == []
        assert "sourceMappingURL" not in text


def test_the_web_font_covers_rare_characters():
    ranges = re.findall(
        r"U\+([0-9a-f]+)(?:-([0-9a-f]+))?", (assets.VENDOR / "noto-sans-sc" / "index.css").read_text(), re.I
    )
    spans = [(int(first, 16), int(last or first, 16)) for first, last in ranges]
    assert [c for c in "计量检定证书" + RARE if not any(first <= ord(c) <= last for first, last in spans)] == []


def test_documents_can_print_rare_characters():
    assert fonts.missing_glyphs("计量检定证书 0.5 kg ±" + RARE) == set()


def test_every_font_carries_its_licence():
    printed = {path.stem.split("-")[0] for path in assets.PRINT_FONTS.glob("*.ttf")}
    assert printed == {path.stem.split("-")[0] for path in assets.PRINT_FONTS.glob("*-LICENSE.txt")}
