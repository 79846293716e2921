"""The lock files install the same everywhere and name no host."""

from __future__ import annotations

import json
import re

import pytest

from tests.house.repository import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+( ;.*)? \\$")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_python_lock_pins_and_hashes_everything_and_names_no_host(lock):
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(--index|--extra-index|--find-links|--trusted-host|-i |-f )", text, re.MULTILINE)
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert requirements
    assert [line for line in requirements if not PINNED.match(line)] == []
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(requirements)


def test_platform_lock_agrees_with_the_development_lock():
    pins = [dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS]
    by_name = dict(zip([lock.stem for lock in LOCKS], pins, strict=True))
    assert by_name["platform"].items() <= by_name["dev"].items()
    assert by_name["dev"].items() <= by_name["spark"].items()
    assert "pyspark" not in by_name["dev"], "a third of a gigabyte that only a cluster needs"
    assert "brotli" not in by_name["dev"], (
        "whitenoise would compress every static file a second time, for half a minute"
    )


def test_browser_asset_lock_names_no_host_and_has_integrity():
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if not entry.get("integrity")] == []


def test_browser_assets_are_asked_for_by_exact_version():
    manifest = json.loads((ROOT / "package.json").read_text("utf-8"))
    wanted = manifest["dependencies"] | manifest["devDependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted
