"""A floor knows only the floors below it: in imports, and in foreign keys, which imports do not show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.apps import apps

from tests.house.repository import ROOT, app_order

OURS = "quanheng.platform."


def our_app(config):
    """The folder name of one of our apps; None for somebody else's."""
    return config.name.removeprefix(OURS) if config.name.startswith(OURS) else None


def test_import_contracts_hold():
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_app_has_its_place_in_the_order():
    folders = {p.parent.name for p in (ROOT / "quanheng" / "platform").glob("*/__init__.py")}
    assert folders <= set(app_order())
    assert {name for config in apps.get_app_configs() if (name := our_app(config))} <= set(app_order())


def test_foreign_keys_point_to_the_same_app_or_one_below():
    order = app_order()
    upward, seen = [], 0
    for model in apps.get_models(include_auto_created=True):
        app = our_app(model._meta.app_config)
        for field in model._meta.get_fields() if app else []:
            if not field.is_relation or field.auto_created or field.related_model is None:
                continue
            target = our_app(field.related_model._meta.app_config)
            seen += 1
            if target and order.index(target) > order.index(app):
                upward.append(f"{app}.{model.__name__}.{field.name} → {target}.{field.related_model.__name__}")
    assert upward == []
    assert seen > 0
