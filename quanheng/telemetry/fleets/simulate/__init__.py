"""A public benchmark of transformer areas with known truth: loads, feeders, losses, meters and their faults."""

from quanheng.telemetry.fleets.simulate.fleet import CONDITIONS, FleetPlan, SimulatedFleet, simulate

__all__ = ["CONDITIONS", "FleetPlan", "SimulatedFleet", "simulate"]
