"""The English catalogue: what the screens say in Chinese, what lacks a translation, and the compiled form.

Strings are found without GNU gettext: Python by its syntax tree, templates through Django's own translator.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = ROOT / "quanheng" / "platform"
CATALOGUE = PLATFORM / "project" / "locale" / "en" / "LC_MESSAGES" / "django.po"
# Function → which arguments are the context, the singular and the plural.
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
_QUOTED = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
TEMPLATE_CALL = re.compile(rf"\b(?:n?p?gettext|_)\((?:{_QUOTED}\s*,?\s*)+(?:count)?\)")
HAN = re.compile(r"[\u3400-\u9fff]")


class Message(NamedTuple):
    """One string to translate. The context tells apart equal Chinese words that differ in English."""

    text: str
    plural: str | None = None
    context: str | None = None


def python_strings(source: str) -> Iterator[Message]:
    """Literal arguments of the gettext calls of a module."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        places = CALLS.get(re.sub("_(lazy|noop)$", "", name))
        if places is None:
            continue
        context, text, plural = (_literal(node.args, place) for place in places)
        if text is not None:
            yield Message(text, plural, context)


def _literal(arguments: list[ast.expr], place: int | None) -> str | None:
    if place is None or place >= len(arguments):
        return None
    argument = arguments[place]
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def template_strings(source: str) -> Iterator[Message]:
    """Translated strings of a template; a percent sign is doubled, as Django looks it up."""
    from django.utils.translation.template import templatize

    # What is left between the calls is not Python: each call is read on its own.
    for match in TEMPLATE_CALL.finditer(templatize(source)):
        yield from python_strings(match[0])


def strings(folder: Path) -> dict[Message, str]:
    """Every Chinese string of an app and the file it was first found in."""
    found: dict[Message, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            texts = list(python_strings(path.read_text("utf-8")))
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            texts = list(template_strings(path.read_text("utf-8")))
        else:
            continue
        for text in texts:
            if HAN.search(text.text):
                found.setdefault(text, path.relative_to(ROOT).as_posix())
    return found


def catalogues() -> list[Path]:
    """Every English catalogue of the platform."""
    return sorted(PLATFORM.glob("*/locale/en/LC_MESSAGES/django.po"))


def translations() -> dict[Message, tuple[str, ...]]:
    """All translations that exist, over all apps: Django merges them in the same way. Two forms for a plural."""
    import polib

    known: dict[Message, tuple[str, ...]] = {}
    for path in catalogues():
        for entry in polib.pofile(str(path)):
            forms = tuple(entry.msgstr_plural.values()) if entry.msgid_plural else (entry.msgstr,)
            if all(forms) and not entry.obsolete:
                known[Message(entry.msgid, entry.msgid_plural or None, entry.msgctxt)] = forms
    return known


def missing() -> dict[str, dict[Message, str]]:
    """App → untranslated string → file."""
    known = translations()
    apps = [p for p in sorted(PLATFORM.iterdir()) if p.is_dir() and (p / "__init__.py").exists()]
    return {a.name: gaps for a in apps if (gaps := {t: f for t, f in strings(a).items() if t not in known})}


def compile_all() -> int:
    """Write the .mo beside each .po that is newer; an .mo that lost its .po would still be read, so it goes."""
    import polib

    for left in PLATFORM.glob("*/locale/*/LC_MESSAGES/django.mo"):
        if not left.with_suffix(".po").exists():
            left.unlink(missing_ok=True)

    for path in catalogues():
        target = path.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
            # In one step: several processes may compile and read at once.
            fresh = target.with_suffix(f".{os.getpid()}")
            polib.pofile(str(path)).save_as_mofile(str(fresh))
            fresh.replace(target)
    return 0


def tidy() -> int:
    """Gather what stands in catalogues of apps into the one of the product, sorted, without what no screen says."""
    import polib

    said = {m for app in PLATFORM.iterdir() if app.is_dir() for m in strings(app)}
    whole = polib.pofile(str(CATALOGUE), wrapwidth=110)
    others = [path for path in catalogues() if path != CATALOGUE]
    entries: dict[Message, polib.POEntry] = {}
    for entry in (*whole, *(e for path in others for e in polib.pofile(str(path)))):
        message = Message(entry.msgid, entry.msgid_plural or None, entry.msgctxt)
        if message in said:
            entries.setdefault(message, entry)
    whole[:] = sorted(entries.values(), key=lambda e: (e.msgid, e.msgctxt or "", e.msgid_plural))
    whole.save(str(CATALOGUE))
    for path in others:
        path.unlink()
    return report()


def report() -> int:
    """Print what lacks a translation."""
    gaps = missing()
    for app, texts in gaps.items():
        for (text, plural, context), file in texts.items():
            print(
                f"{app}\t{file}\t{text!r}",
                *[f"plural={plural!r}"] * bool(plural),
                *[f"context={context!r}"] * bool(context),
            )
    total = sum(map(len, gaps.values()))
    print(f"{total} strings lack an English translation", file=sys.stderr)
    return int(bool(total))


if __name__ == "__main__":
    asked = {"--compile": compile_all, "--tidy": tidy}
    sys.exit(next((asked[word] for word in sys.argv[1:] if word in asked), report)())
