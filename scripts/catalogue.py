"""The English catalogue: what the screens say in Chinese, what lacks a translation, and the compiled form.

Strings are found without GNU gettext: Python by its syntax tree, templates through Django's own translator.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = ROOT / "quanheng" / "platform"
CALLS = {"_", "gettext", "gettext_lazy", "_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
TEMPLATE_CALL = re.compile(
    r"""\b(n?gettext|_)\(u?((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))(?:,\s*u?((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")))?"""
)
HAN = re.compile(r"[\u3400-\u9fff]")


def python_strings(source: str) -> Iterator[str]:
    """Literal arguments of the gettext calls of a module."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in CALLS:
            count = 2 if name.startswith("ngettext") else 1
            for argument in node.args[:count]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def template_strings(source: str) -> Iterator[str]:
    """Translated strings of a template."""
    from django.utils.translation.template import templatize

    for match in TEMPLATE_CALL.finditer(templatize(source)):
        for literal in match.groups()[1:]:
            if literal:
                yield ast.literal_eval(literal).replace("%%", "%") if "%(" not in literal else ast.literal_eval(literal)


def strings(folder: Path) -> dict[str, str]:
    """Every Chinese string of an app and the file it was first found in."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            texts = list(python_strings(path.read_text("utf-8")))
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            texts = list(template_strings(path.read_text("utf-8")))
        else:
            continue
        for text in texts:
            if HAN.search(text):
                found.setdefault(text, path.relative_to(ROOT).as_posix())
    return found


def catalogues() -> list[Path]:
    """Every English catalogue of the platform."""
    return sorted(PLATFORM.glob("*/locale/en/LC_MESSAGES/django.po"))


def translations() -> dict[str, str]:
    """All translations that exist, over all apps: Django merges them in the same way."""
    import polib

    known: dict[str, str] = {}
    for path in catalogues():
        for entry in polib.pofile(str(path)):
            text = entry.msgstr or next(iter(entry.msgstr_plural.values()), "")
            if text and not entry.obsolete:
                known[entry.msgid] = text
    return known


def missing() -> dict[str, dict[str, str]]:
    """App → untranslated string → file."""
    known = translations()
    apps = [p for p in sorted(PLATFORM.iterdir()) if p.is_dir() and (p / "__init__.py").exists()]
    return {a.name: gaps for a in apps if (gaps := {t: f for t, f in strings(a).items() if t not in known})}


def compile_all() -> int:
    """Write the .mo beside each .po that is newer."""
    import polib

    for path in catalogues():
        target = path.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
            polib.pofile(str(path)).save_as_mofile(str(target))
    return 0


def report() -> int:
    """Print what lacks a translation."""
    gaps = missing()
    for app, texts in gaps.items():
        for text, file in texts.items():
            print(f"{app}\t{file}\t{text!r}")
    total = sum(map(len, gaps.values()))
    print(f"{total} strings lack an English translation", file=sys.stderr)
    return int(bool(total))


if __name__ == "__main__":
    sys.exit(compile_all() if "--compile" in sys.argv else report())
