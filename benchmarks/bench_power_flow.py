"""Are the losses of `fleet simulate --loss location` those of a real power flow, and does the judgement survive them?

    python -m benchmarks.bench_power_flow PEERS/bin/python [--areas 6] [--days 90] [--seed 9021]

The same areas twice, with losses as I²R of our own and by OpenDSS (`power_flow.py`: four wires, voltage drop, power
factors, reactance, a neutral that drifts). First the two loss curves side by side, then the verdicts on both, feeders
on file. PEERS has `opendssdirect.py`.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from quanheng.telemetry.fleets.evaluate import evaluate
from quanheng.telemetry.fleets.score import score
from quanheng.telemetry.fleets.simulate import FleetPlan, simulate
from quanheng.telemetry.fleets.simulate.network import Network, radial_loss


class PowerFlow:
    """Called as `radial_loss` is, with the same draws; tells how far the two curves are apart."""

    def __init__(self, python: str, hours: float) -> None:
        self.python, self.hours = python, hours
        self.energy: list[float] = []

    def __call__(self, rng, power, network: Network, *, share: float, phases: int):
        before = rng.bit_generator.state
        ours = radial_loss(rng, power, network, share=share, phases=phases)
        rng.bit_generator.state = before
        gauge = np.array([rng.lognormal(0, 0.3) for _line in np.unique(network.feeder)])
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "area.npz", Path(folder) / "loss.npy"
            np.savez(
                source, power=power, feeder=network.feeder, phase=network.phase, place=network.place, gauge=gauge,
                hours=self.hours, share=share,
            )  # fmt: skip
            worker = Path(__file__).with_name("power_flow.py")
            subprocess.run([self.python, str(worker), str(source), str(target)], check=True)
            theirs = np.load(target)
        self.energy.append(theirs.sum())
        apart = np.sqrt(np.mean((theirs - ours * theirs.sum() / ours.sum()) ** 2))
        print(
            f"{power.shape[1]} meters, loss {theirs.sum() / power.sum():.2%} of {share:.2%} asked for: curves apart"
            f" {apart / theirs.mean():.1%} of the loss, {apart / power.sum(axis=1).mean():.3%} of the load, r ="
            f" {np.corrcoef(ours, theirs)[0, 1]:.4f} ({time.perf_counter() - begun:.0f} s)",
            flush=True,
        )
        return theirs

    def ours(self, rng, power, network: Network, *, share: float, phases: int):
        """I²R of our own that loses the same energy, area after area in the same order."""
        loss = radial_loss(rng, power, network, share=share, phases=phases)
        return loss * (self.energy.pop(0) / loss.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers")
    parser.add_argument("--areas", type=int, default=6)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=9021)
    parser.add_argument("--meters", type=int, nargs=2, default=(50, 300))
    given = parser.parse_args()
    plan = FleetPlan(
        areas=given.areas, days=given.days, seed=given.seed, meters=tuple(given.meters), loss="location", phases=3
    )
    flow = PowerFlow(given.peers, 0.25)
    for name, radial in (("OpenDSS", flow), ("I²R of our own", flow.ours)):
        fleet = simulate(replace(plan, radial=radial))
        result = evaluate(fleet.readings, fleet.areas, limit=0.02)
        found = score(result.verdicts, fleet.truth)
        print(name, [(a.cause, a.model) for a in result.areas])
        print(name, {key: value for key, value in found["overall"].items() if key != "calibration"}, flush=True)


if __name__ == "__main__":
    main()
