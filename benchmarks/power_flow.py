"""Losses of one low-voltage area by OpenDSS, a four-wire power flow, in an interpreter of its own.

    PEERS/bin/python benchmarks/power_flow.py AREA.npz LOSS.npy

AREA.npz holds what `bench_power_flow` writes: power in kW (steps, meters), feeder, phase, place, gauge of each feeder,
hours of a step, and the share of the energy that is to be lost. Loads draw constant power at a power factor of their
own whatever the voltage; conductors have reactance; the neutral is earthed at the transformer and drifts behind it.
Where the voltage would leave -10 % of its rated value at some meter (GB/T 12325), the conductors are made thicker until
it does not: no feeder in service loses more.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import opendssdirect as dss

LOWEST, EASED = 0.9, 0.8  # voltage at a meter, per unit; of the loss asked for, where it falls below
NEUTRAL = 0.7  # of a phase's resistance, as the simulator has it
REACTANCE = 0.08  # ohm per km
SAMPLE = 300


class TooLow(Exception):
    """The voltage at a meter falls below what is allowed."""


def build(area: dict[str, np.ndarray], ohms: float) -> None:
    """The circuit with `ohms` per unit of length and gauge 1."""
    say = dss.Text.Command
    say("Clear")
    say("New Circuit.area basekv=0.4 pu=1.05 phases=3 bus1=tx MVAsc3=1000 MVAsc1=1000")
    say("New Reactor.earth phases=1 bus1=tx.4 bus2=tx.0 R=0.0001 X=0")
    hours = float(area["hours"])
    factor = np.random.default_rng(7).uniform(0.88, 1.0, area["power"].shape[1])
    for number, line in enumerate(np.unique(area["feeder"])):
        members = np.flatnonzero(area["feeder"] == line)
        before, reached = "tx", 0.0
        gauge = ohms * float(area["gauge"][number])
        resistance = " | ".join(
            " ".join(str(gauge * (1 if i < 3 else NEUTRAL)) if i == j else "0" for j in range(i + 1)) for i in range(4)
        )
        reactance = " | ".join(" ".join(str(REACTANCE) if i == j else "0" for j in range(i + 1)) for i in range(4))
        for meter in members[np.argsort(area["place"][members])]:
            length = float(area["place"][meter]) - reached + 0.002
            reached = float(area["place"][meter])
            say(
                f"New Line.l{meter} phases=4 bus1={before}.1.2.3.4 bus2=b{meter}.1.2.3.4 length={length} units=none"
                f" rmatrix=({resistance}) xmatrix=({reactance}) cmatrix=(0|0 0|0 0 0|0 0 0 0)"
            )
            before = f"b{meter}"
            say(f"New LoadShape.s{meter} npts={area['power'].shape[0]} interval={hours}")
            dss.LoadShape.Name(f"s{meter}")
            dss.LoadShape.PMult(np.ascontiguousarray(area["power"][:, meter], dtype=float))
            say(
                f"New Load.m{meter} bus1={before}.{int(area['phase'][meter]) + 1}.4 phases=1 kv=0.23094 kw=1"
                f" pf={factor[meter]:.4f} model=1 vminpu=0.6 vmaxpu=1.4 yearly=s{meter}"
            )
    say("Set voltagebases=[0.4]")
    say("Calcvoltagebases")
    say(f"Set mode=yearly stepsize={hours}h number=1 maxiterations=60 tolerance=1e-7")


def solve(steps: int) -> np.ndarray:
    """Loss of each of the first `steps` steps in kW."""
    loss = np.empty(steps)
    phases = np.array([not name.endswith(".4") for name in dss.Circuit.AllNodeNames()])
    for step in range(steps):
        dss.Solution.Solve()
        if not dss.Solution.Converged() or np.asarray(dss.Circuit.AllBusMagPu())[phases].min() < LOWEST:
            raise TooLow
        loss[step] = dss.Circuit.Losses()[0] / 1e3
    return loss


def main(source: Path, target: Path) -> None:
    with np.load(source) as file:
        area = {name: file[name] for name in file.files}
    share = float(area["share"])
    while True:
        try:
            return np.save(target, losses(area, share))
        except TooLow:
            share *= EASED


def losses(area: dict[str, np.ndarray], share: float) -> np.ndarray:
    """Of every step, with conductors that lose about `share` of the energy."""
    total, ohms = area["power"].sum(axis=1), 0.02
    chosen = np.argsort(total)[np.linspace(0, len(total) - 1, SAMPLE).astype(int)]
    for _round in range(4):
        build({**area, "power": area["power"][chosen]}, ohms)
        ohms *= share / (solve(SAMPLE).sum() / total[chosen].sum())
    build(area, ohms)
    return solve(len(total))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
