"""Rules every file of the repository keeps."""

from __future__ import annotations

import re
import subprocess

from tests.house.repository import ROOT, tracked_files

LONGEST = 450
REGISTRY = re.compile(r"https?://[^/\s\"')]*(registry|pypi|pythonhosted|npmjs|npmmirror|conda)", re.IGNORECASE)
MACHINE = re.compile(r"(?<![\w.])/(?:work/(?:main|wt|shared|\.\w+)|root/\.?\w|home/[a-z]\w*/|opt/(?:pypi|wheels))")
OUTSIDE = [
    re.compile(
        r"<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*"
        r"\b(?:src|href|data)\s*=\s*[\"'](?:https?:)?//",
        re.I,
    ),
    re.compile(r"url\(\s*[\"']?(?:https?:)?//", re.I),
    re.compile(r"@import\s+[\"'](?:https?:)?//", re.I),
    re.compile(r"(?:fetch|importScripts|import)\s*\(?\s*[\"'`](?:https?:)?//", re.I),
]


def _text(path):
    return path.read_text("utf-8", errors="replace")


def test_no_python_file_is_too_long_to_read():
    long = {str(p.relative_to(ROOT)): n for p in tracked_files(".py") if (n := _text(p).count("\n")) > LONGEST}
    assert long == {}


def test_no_file_names_a_package_registry_or_a_path_of_one_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked_files()
        if path.stat().st_size < 2_000_000
        for pattern in (REGISTRY, MACHINE)
        for match in [pattern.search(_text(path))]
        if match
    ]
    assert found == []


def test_pages_load_nothing_from_outside():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked_files(".html", ".css", ".js", ".svg")
        for pattern in OUTSIDE
        for match in [pattern.search(_text(path))]
        if match
    ]
    assert found == []


def test_the_outside_patterns_catch_what_they_are_for():
    loads = [
        '<script defer src="https://cdn.example/x.js">',
        "<link rel=stylesheet href='//cdn.example/x.css'>",
        "background: url(http://cdn.example/x.png)",
        '@import "https://fonts.example/css"',
        "await fetch('https://api.example/')",
    ]
    assert all(any(pattern.search(line) for pattern in OUTSIDE) for line in loads)
    harmless = ['<svg xmlns="http://www.w3.org/2000/svg">', '<a href="https://example.org/">', "url(./files/a.woff2)"]
    assert not any(pattern.search(line) for pattern in OUTSIDE for line in harmless)


def test_every_make_command_of_the_readmes_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in sorted(ROOT.glob("*.md")):
        asked = set(
            re.findall(r"\bmake ([a-z][a-z-]*)\b", " ".join(re.findall(r"`[^`]+`|```.*?```", _text(page), re.S)))
        )
        assert asked <= targets, page.name
    assert {"demo", "test"} <= set(re.findall(r"make ([a-z-]+)", _text(ROOT / "README.md")))


def test_help_lists_every_verb_and_is_what_a_bare_make_prints():
    said = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {line.split()[0] for line in said.splitlines()[1:]} == targets


def test_every_link_between_our_pages_leads_somewhere():
    dead = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", _text(page)):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(ROOT)} → {target}")
    assert dead == []
