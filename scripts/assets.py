"""Everything a page or a printed document needs, copied out of locked packages into two git-ignored folders.

The product loads nothing from outside: scripts, styles, icons and fonts are served by itself and carried in the wheel.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from scripts import catalogue, environment, node
from scripts.shell import ROOT, TOOLS, Missing, fingerprint, quiet, read_stamp, write_stamp

VENDOR = ROOT / "quanheng" / "platform" / "web" / "static" / "vendor"
PRINT_FONTS = ROOT / "quanheng" / "evidence" / "fonts"
ICONS = ROOT / "scripts" / "icons.txt"
STAMP = TOOLS / "assets.json"

# target in the vendor folder: source in node_modules
FILES = {
    "tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler/tabler-vendors.min.css": "@tabler/core/dist/css/tabler-vendors.min.css",
    "tabler/LICENSE": "@tabler/icons/LICENSE",
    "tabler/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "echarts/echarts.min.js": "echarts/dist/echarts.min.js",
    "echarts/LICENSE": "echarts/LICENSE",
    "uplot/uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
    "uplot/uPlot.min.css": "uplot/dist/uPlot.min.css",
    "uplot/LICENSE": "uplot/LICENSE",
    "tom-select/tom-select.complete.min.js": "tom-select/dist/js/tom-select.complete.min.js",
    "tom-select/tom-select.bootstrap5.min.css": "tom-select/dist/css/tom-select.bootstrap5.min.css",
    "tom-select/LICENSE": "tom-select/LICENSE",
    "noto-sans-sc/LICENSE": "@fontsource-variable/noto-sans-sc/LICENSE",
}
TEXT_FONTS = {
    "NotoSansSC-Regular.ttf": "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    "NotoSansSC-Bold.ttf": "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf",
    "NotoSansSC-LICENSE.txt": "@expo-google-fonts/noto-sans-sc/LICENSE_FONT",
}
WEB_FAMILY = "Noto Sans SC Variable"
RARE_FAMILY = "Quanheng Rare Han"
RARE_PRINT = "QuanhengRareHan-Regular.ttf"
RARE_NOTICE = f"""{RARE_FAMILY} is made from Hanazono Mincho (HanaMinA, HanaMinB, 2017-09-04) by the GlyphWiki Project.
The Hanazono Font License grants unlimited permission to use, copy and distribute the font, with or without
modification, commercially or not, without warranty; the font may also be used under the SIL Open Font License 1.1.
Changed here: the slices of the npm package "hanamin" are put together, hinting and names are left out, and the family
is renamed, because the original names are reserved. Copyright 2008-2017 GlyphWiki Project.
"""


def key() -> str:
    """What the copied files depend on."""
    here = Path(__file__).parent
    return fingerprint(
        ROOT / "package.json", ROOT / "package-lock.json", ICONS, here / "assets.py", here / "merge_fonts.py", str(ROOT)
    )


def ready() -> bool:
    """Whether an earlier run copied the same things and they are all still there."""
    found = read_stamp(STAMP)
    files = found.get("files")
    return found.get("key") == key() and isinstance(files, list) and all((ROOT / str(name)).is_file() for name in files)


def compile_catalogues() -> None:
    """Compile each English catalogue that is newer than its compiled form."""
    stale = [p for p in catalogue.catalogues() if not _newer(p.with_suffix(".mo"), p)]
    if stale:
        quiet([environment.ensure_tools("tools"), Path(__file__).with_name("catalogue.py"), "--compile"])


def _newer(made: Path, source: Path) -> bool:
    return made.exists() and made.stat().st_mtime >= source.stat().st_mtime


def build() -> None:
    """Install the packages and copy what is needed; nothing when it is there already."""
    compile_catalogues()
    if ready():
        return
    modules = node.install(with_browser=False)
    for folder in (VENDOR, PRINT_FONTS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for target, source in FILES.items():
        _copy(modules / source, VENDOR / target)
    _sprite(modules)
    _web_font(modules)
    for target, source in TEXT_FONTS.items():
        _copy(modules / source, PRINT_FONTS / target)
    _rare_print_font(modules)
    made = [path for folder in (VENDOR, PRINT_FONTS) for path in sorted(folder.rglob("*")) if path.is_file()]
    write_stamp(STAMP, {"key": key(), "files": [str(path.relative_to(ROOT)) for path in made]})


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise Missing(f"a locked package lacks {source.name} ({source})", "compare FILES in scripts/assets.py with it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix in {".css", ".js"}:  # the map is not carried, and a manifest refuses a dangling reference to it
        text = source.read_text("utf-8")
        text = re.sub(r"/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S+", "", text)
        target.write_text(text, "utf-8")
    else:
        shutil.copyfile(source, target)


def _web_font(modules: Path) -> None:
    """One family in slices that are fetched only when a page shows one of their characters.

    The rare slices come first: of two rules for one character the browser asks the later one, so they fill gaps only.
    """
    package, target = modules / "@fontsource-variable" / "noto-sans-sc", VENDOR / "noto-sans-sc"
    rules = (package / "wght.css").read_text("utf-8")
    for name in re.findall(r"url\(\./files/([\w.-]+)\)", rules):
        _copy(package / "files" / name, target / "files" / name)
    (target / "index.css").write_text("\n".join([*_rare_rules(modules), rules]), "utf-8")


def _rare_rules(modules: Path) -> list[str]:
    """Extensions A to F under the same family name, so that no page needs to know of a second font."""
    package, target = modules / "hanamin", VENDOR / "rare-han"
    rules = []
    for block in re.findall(r"@font-face\s*\{[^}]*\}", (package / "HanaMin.css").read_text("utf-8")):
        file = re.search(r"url\(\"?(Hana\w+\.CJK-Unified-Ideographs-Extension-[A-F][\w.-]*\.woff2)", block)
        covered = re.search(r"unicode-range:\s*([^;}]+)", block)
        if file and covered:
            _copy(package / file[1], target / file[1])
            rules.append(
                f"@font-face{{font-family:'{WEB_FAMILY}';font-style:normal;font-weight:100 900;font-display:swap;"
                f"src:url(../rare-han/{file[1]}) format('woff2');unicode-range:{' '.join(covered[1].split())}}}"
            )
    if not rules:
        raise Missing("the package hanamin lists no slice of the extensions A to F", "see scripts/assets.py.")
    (target / "LICENSE").write_text(RARE_NOTICE, "utf-8")
    return rules


def _rare_print_font(modules: Path) -> None:
    """Merged once (it takes a while) and kept among the tools, as long as its sources stay the same."""
    slices = sorted((modules / "hanamin").glob("HanaMinB.CJK-Unified-Ideographs-Extension-[B-F]*.woff2"))
    merge = Path(__file__).parent / "merge_fonts.py"
    kept = TOOLS / f"rare-han-{fingerprint(merge, RARE_FAMILY, *slices)[:16]}.ttf"
    if not kept.is_file():
        draft = kept.with_suffix(".new")
        quiet([environment.ensure_tools("tools"), merge, RARE_FAMILY, draft, *slices])
        draft.replace(kept)
    shutil.copyfile(kept, PRINT_FONTS / RARE_PRINT)
    (PRINT_FONTS / "QuanhengRareHan-LICENSE.txt").write_text(RARE_NOTICE, "utf-8")


def icon_names() -> list[str]:
    """The icons that the pages use, one a line; ``-filled`` at the end asks for the solid form."""
    lines = (line.split("#")[0].strip() for line in ICONS.read_text("utf-8").splitlines())
    return sorted({line for line in lines if line})


def _sprite(modules: Path) -> None:
    """One SVG with a symbol for each icon: ``<use href=".../icons.svg#NAME">``."""
    symbols = []
    for name in icon_names():
        solid = name.endswith("-filled")
        path = modules / "@tabler/icons/icons" / ("filled" if solid else "outline")
        source = path / f"{name.removesuffix('-filled')}.svg"
        if not source.is_file():
            raise Missing(f"scripts/icons.txt names {name!r}, which Tabler does not have", "correct the name.")
        drawing = source.read_text("utf-8").split(">", 1)[1].rsplit("</svg>", 1)[0]
        drawing = re.sub(r"\s+", " ", drawing).strip()
        drawing = drawing.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "").strip()
        paint = (
            'fill="currentColor"'
            if solid
            else 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
        )
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24" {paint}>{drawing}</symbol>')
    svg = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    (VENDOR / "tabler" / "icons.svg").write_text(svg, "utf-8")
