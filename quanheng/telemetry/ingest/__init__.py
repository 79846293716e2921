"""Ways in for readings: files by a mapping, pushes, messages, charging stations. Bad rows go aside with a reason."""

from quanheng.telemetry.ingest.cleaning import Cleaned, clean
from quanheng.telemetry.ingest.files import ingest_file
from quanheng.telemetry.ingest.mapping import REASONS, UNITS, Mapping, guess
from quanheng.telemetry.ingest.topology import read_areas

__all__ = ["REASONS", "UNITS", "Cleaned", "Mapping", "clean", "guess", "ingest_file", "read_areas"]
