"""The notebooks of the documentation run, and print what is stored in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import notebooks

PATHS = sorted(notebooks.FOLDER.glob("*.ipynb"))


def texts(notebook: dict[str, Any]) -> list[Any]:
    """What a notebook prints; a picture may differ in a tenth of a pixel from one processor to the next."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return [output.get("text") or sorted(output["data"]) for output in outputs]


def test_there_are_notebooks() -> None:
    assert PATHS


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_a_notebook_prints_what_it_shows(path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))
    assert texts(notebooks.run(stored)) == texts(stored)


def test_a_cell_that_fails_fails_the_run() -> None:
    broken = {"cells": [{"cell_type": "code", "source": ["1 / 0"], "metadata": {}, "outputs": []}]}
    with pytest.raises(ZeroDivisionError):
        notebooks.run(broken)
