"""The notebooks of the documentation run, and print what is stored in them."""

from __future__ import annotations

import json

import pytest

from scripts import notebooks

PATHS = sorted(notebooks.FOLDER.glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert PATHS


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_a_notebook_prints_what_it_shows(path: object) -> None:
    stored = json.loads(path.read_text("utf-8"))  # type: ignore[attr-defined]
    assert notebooks.run(stored)["cells"] == stored["cells"]


def test_a_cell_that_fails_fails_the_run() -> None:
    broken = {"cells": [{"cell_type": "code", "source": ["1 / 0"], "metadata": {}, "outputs": []}]}
    with pytest.raises(ZeroDivisionError):
        notebooks.run(broken)
