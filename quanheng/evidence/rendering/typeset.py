"""Typst as a printer: a template, a JSON value, and out comes a PDF that is the same every time."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import segno

from quanheng.errors import InputError
from quanheng.evidence.rendering import fonts

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def typeset(template: str, data: Mapping[str, Any], at: datetime, *, attachment: bytes | None = None) -> bytes:
    """The PDF/A-3b of a template. Values reach it as JSON only, so that no text in them is ever run."""
    options = {"format": "pdf", "pdf_standards": "a-3b", "timestamp": at.astimezone(UTC).replace(microsecond=0)}
    pdf: bytes = _compiled(template, _inputs(data, at, attachment), options)
    return pdf


def pictures(template: str, data: Mapping[str, Any], at: datetime, *, attachment: bytes | None = None) -> list[bytes]:
    """The same pages as PNG, for screens that show no PDF inside a page."""
    drawn = _compiled(template, _inputs(data, at, attachment), {"format": "png", "ppi": 110.0})
    return list(drawn) if isinstance(drawn, list) else [drawn]


def _inputs(data: Mapping[str, Any], at: datetime, attachment: bytes | None) -> dict[str, str]:
    for text, place in _texts(data, ""):
        fonts.require_glyphs(text, place)
    inputs = {
        "data": json.dumps(data, ensure_ascii=False, sort_keys=True),
        "fonts": json.dumps(fonts.families()),
        "at": json.dumps([at.astimezone(UTC).year, at.astimezone(UTC).month, at.astimezone(UTC).day]),
    }
    if attachment is not None:
        inputs["attachment"] = attachment.decode()
    return inputs


def _compiled(template: str, inputs: dict[str, str], options: dict[str, Any]) -> Any:
    import typst

    try:
        return typst.compile(
            str(_TEMPLATES / f"{template}.typ"),
            root=str(_TEMPLATES),
            font_paths=fonts.collection(),
            ignore_system_fonts=True,
            sys_inputs=inputs,
            **options,
        )
    except typst.TypstError as error:
        raise InputError("typesetting", f"the document cannot be set: {error.message}", template) from error


def qr_svg(text: str) -> str:
    """A QR code with quiet zone as SVG; level M survives a scratched label."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True, nl=False)
    return out.getvalue().decode()


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield value, place
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key != "qr":
                yield from _texts(item, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, f"{place}[{index}]")
