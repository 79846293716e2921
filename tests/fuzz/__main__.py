"""Coverage-guided fuzzing of one target: ``python -m tests.fuzz TARGET CORPUS… [-max_total_time=60]`` (libFuzzer's options)."""

from __future__ import annotations

import sys

import atheris


def main() -> None:
    """Instrument our readers, then hand over to libFuzzer; a crash ends with its input in a file."""
    with atheris.instrument_imports(include=["quanheng"]):
        from tests.fuzz import targets
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
