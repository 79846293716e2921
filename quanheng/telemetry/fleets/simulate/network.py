"""Losses of a low-voltage area: I²R on radial feeders, or one lumped resistance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """Where each meter hangs: feeder 1.., phase 0..2, and its place along the feeder."""

    feeder: NDArray[np.int64]
    phase: NDArray[np.int64]
    place: Array  # 0 at the transformer, 1 at the far end


def lay_out(rng: np.random.Generator, meters: int, *, phases: int) -> Network:
    """Three to six feeders of unequal size; houses stand in clusters along them."""
    count = int(rng.integers(3, 7)) if meters >= 12 else 1
    feeder = rng.choice(count, meters, p=rng.dirichlet(np.full(count, 6.0))) + 1
    clusters = rng.uniform(0, 1, (count + 1, 6))
    place = np.clip(clusters[feeder, rng.integers(0, 6, meters)] + rng.normal(0, 0.05, meters), 0.02, 1)
    return Network(feeder.astype(np.int64), rng.integers(0, phases, meters).astype(np.int64), place)


def radial_loss(rng: np.random.Generator, power: Array, network: Network, *, share: float, phases: int) -> Array:
    """I²R on every segment of every feeder, per phase and in the neutral; shape (steps,), scaled to `share` of energy.

    `power` (steps, meters) is net true power; the resistance of a segment is its length times a random gauge.
    """
    loss = np.zeros(power.shape[0])
    for line in np.unique(network.feeder):
        members = np.flatnonzero(network.feeder == line)
        members = members[np.argsort(network.place[members])]
        gauge = rng.lognormal(0, 0.3)
        length = np.diff(network.place[members], prepend=0.0) + 0.002
        behind = []
        for phase in range(phases):
            own = power[:, members] * (network.phase[members] == phase)
            behind.append(np.cumsum(own[:, ::-1], axis=1)[:, ::-1])
        square = sum(current**2 for current in behind)
        if phases == 3:
            a, b, c = behind
            square = square + 0.7 * np.clip(a * a + b * b + c * c - a * b - b * c - c * a, 0, None)
        loss += square @ (length * gauge)
    return np.asarray(loss * (share * max(power.sum(), 1e-9) / max(loss.sum(), 1e-12)))


def lumped_loss(power: Array, *, share: float) -> Array:
    """Loss as the square of the area's load, scaled to `share` of the energy."""
    total = power.sum(axis=1)
    return np.asarray(total**2 * (share * max(total.sum(), 1e-9) / max((total**2).sum(), 1e-12)))
