"""Meters judged by the energy balance of their area: ``evaluate`` readings, get verdicts."""

from quanheng.telemetry.fleets.evaluate import evaluate
from quanheng.telemetry.fleets.profiles import Profile, known_profiles, load_profile
from quanheng.telemetry.fleets.result import VERDICTS, AreaReport, FleetResult

__all__ = ["VERDICTS", "AreaReport", "FleetResult", "Profile", "evaluate", "known_profiles", "load_profile"]
