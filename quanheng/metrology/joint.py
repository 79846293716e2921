"""Inputs together: their correlations checked, and draws from their joint distribution (JCGM 101:2008, 6.4.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.correlation import Correlation, correlation_matrix, factor
from quanheng.metrology.distributions import Constant, Distribution, Normal, Observations
from quanheng.metrology.draws import draw_each, quantile
from quanheng.metrology.roots import rising_root
from quanheng.metrology.vectors import Floats

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(48)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
COPULA = (
    "correlated inputs that are not normal are drawn through a Gaussian copula that keeps the given coefficients; "
    "other joint distributions with the same coefficients exist"
)


@dataclass(frozen=True)
class Together:
    """Inputs observed together n times: multivariate t of n − N degrees of freedom (JCGM 102, 5.3.2)."""

    names: tuple[str, ...]
    centre: Floats
    root: Floats
    dof: int

    def draw(self, rng: np.random.Generator, size: int) -> dict[str, Floats]:
        """A normal vector over √(χ²/ν), the same divisor for all inputs of one trial (5.3.2.4)."""
        scores = self.root @ rng.standard_normal((len(self.names), size))
        scores /= np.sqrt(rng.chisquare(self.dof, size) / self.dof)
        return {name: self.centre[i] + scores[i] for i, name in enumerate(self.names)}

    def spread(self) -> dict[str, float]:
        """Standard deviation of each, √(ν/(ν − 2)) times its scale."""
        u = np.sqrt(np.sum(self.root**2, axis=1) * self.dof / (self.dof - 2))
        return dict(zip(self.names, u.tolist(), strict=True))


@dataclass(frozen=True)
class Joint:
    """The joint distribution of all inputs: independent ones, one correlated group, groups observed together.

    `plain` says that the correlated group is multivariate normal; otherwise it is drawn through a Gaussian copula.
    """

    inputs: Mapping[str, Distribution]
    tied: tuple[str, ...]
    root: Floats
    plain: bool
    together: tuple[Together, ...] = ()

    def draw(self, rng: np.random.Generator, size: int) -> dict[str, Floats]:
        """`size` joint draws of every input."""
        found: dict[str, Floats] = {}
        for group in self.together:
            found |= group.draw(rng, size)
        row = {name: i for i, name in enumerate(self.tied)}
        scores = self.root @ rng.standard_normal((len(self.tied), size)) if self.tied else self.root
        found |= {name: self._of_score(self.inputs[name], scores[i]) for name, i in row.items()}
        alone = [name for name in self.inputs if name not in found]
        drawn = draw_each([self.inputs[name] for name in alone], rng, size)
        return found | dict(zip(alone, drawn, strict=True))

    def _of_score(self, distribution: Distribution, score: Floats) -> Floats:
        if self.plain:
            known = distribution.estimate()
            return known.value + known.u * score
        return _through_copula(distribution, score)


def observed_together(
    inputs: Mapping[str, Distribution], groups: Sequence[Sequence[str]]
) -> tuple[tuple[Together, ...], list[Correlation]]:
    """Groups of inputs that were observed together, and the coefficients of their means (GUM 5.2.3, C.3.6)."""
    found, pairs, seen = [], [], set[str]()
    for group in groups:
        place = f"simultaneous {', '.join(group)}"[:80]
        columns = [inputs[name].values for name in group if isinstance(inputs.get(name), Observations)]  # type: ignore[attr-defined]
        if len(columns) != len(group) or len(group) < 2 or len({len(c) for c in columns}) != 1:
            raise InputError("simultaneous", "name two or more inputs with as many observations each", place)
        if seen & set(group) or len(set(group)) != len(group):
            raise InputError("simultaneous", "an input belongs to one group only", place)
        seen |= set(group)
        data = np.array(columns)
        n, size = data.shape[1], len(group)
        spread = np.cov(data) / n
        u = np.sqrt(np.diag(spread))
        if not u.all():
            raise InputError("simultaneous", "observations that do not vary cannot be correlated", place)
        pairs += [
            (group[i], group[j], float(np.clip(spread[i, j] / (u[i] * u[j]), -1, 1)))
            for i in range(size)
            for j in range(i + 1, size)
        ]
        dof = n - size
        root = factor(spread * (n - 1) / dof) if dof > 0 else np.empty((0, 0))
        found.append(Together(tuple(group), data.mean(axis=1), root, dof))
    return tuple(found), pairs


def joint(
    inputs: Mapping[str, Distribution], correlations: Sequence[Correlation], together: tuple[Together, ...] = ()
) -> Joint:
    """The joint distribution of inputs with these coefficients.

    Normal inputs are multivariate normal (JCGM 101, 6.4.8). For others the coefficient of the underlying normal scores
    is solved so that the inputs themselves have the coefficient asked for; what no joint distribution of that kind can
    have is refused.
    """
    names = list(inputs)
    for distribution in inputs.values():
        distribution.estimate()  # refuses what is no distribution
    matrix = correlation_matrix(names, correlations)
    tied = tuple(n for i, n in enumerate(names) if np.count_nonzero(matrix[i]) > 1)
    for group in together:
        if set(group.names) & set(tied):
            raise InputError("correlation", "inputs observed together have their own coefficients", group.names[0])
        if group.dof <= 2:
            raise InputError(
                "dof_too_few",
                f"{len(group.names)} inputs observed together need {len(group.names) + 3} sets or more for Monte Carlo "
                "(JCGM 102, 9.4.2.5); take more or use method gum",
                ", ".join(group.names),
            )
    for name in tied:
        if isinstance(inputs[name], Constant):
            raise InputError("correlation", "a constant cannot be correlated", name)
    at = [names.index(n) for n in tied]
    part = matrix[np.ix_(at, at)]
    plain = all(isinstance(inputs[n], Normal) and np.isinf(inputs[n].dof) for n in tied)
    if not plain:
        part = _scores(part, [inputs[n] for n in tied], tied)
    return Joint(inputs, tied, factor(part) if tied else part, plain, together)


def _through_copula(distribution: Distribution, score: Floats) -> Floats:
    # the upper half through the complement, which keeps the far tail
    p = special.ndtr(score)
    return quantile(distribution, np.clip(p, 1e-300, 1 - 1e-16))


def _scores(matrix: Floats, kinds: Sequence[Distribution], names: Sequence[str]) -> Floats:
    solved = np.eye(len(kinds))
    for i in range(len(kinds)):
        for j in range(i):
            r = float(matrix[i, j])
            solved[i, j] = solved[j, i] = _score_coefficient(kinds[i], kinds[j], r, (names[j], names[i])) if r else 0.0
    if np.linalg.eigvalsh(solved)[0] < -1e-9 * len(kinds):
        raise InputError("correlation_matrix", "no Gaussian copula gives these inputs these coefficients", "")
    return solved


def _score_coefficient(a: Distribution, b: Distribution, r: float, pair: tuple[str, str]) -> float:
    za = _NODES[:, None]
    left = _standardised(_through_copula(a, _NODES))[:, None]

    def reached(rho: float) -> float:
        zb = rho * za + np.sqrt(max(1 - rho * rho, 0.0)) * _NODES[None, :]
        right = _through_copula(b, zb.ravel()).reshape(zb.shape)
        weights = _WEIGHTS[:, None] * _WEIGHTS[None, :]
        centre = float((weights * right).sum())
        spread = float(np.sqrt((weights * (right - centre) ** 2).sum()))
        return float((weights * left * (right - centre)).sum()) / spread

    low, high = reached(-1.0), reached(1.0)
    if not low - 1e-6 <= r <= high + 1e-6:
        raise InputError(
            "correlation", f"inputs of these shapes reach coefficients from {low:.3f} to {high:.3f}", ", ".join(pair)
        )
    if r <= low or r >= high:
        return 1.0 if r > 0 else -1.0
    return rising_root(lambda rho: reached(rho) - r, -1.0, 1.0)


def _standardised(values: Floats) -> Floats:
    centre = float(_WEIGHTS @ values)
    deviation: Floats = (values - centre) / np.sqrt(float(_WEIGHTS @ (values - centre) ** 2))
    return deviation
