"""Monte Carlo of a model and its inputs in one call (JCGM 101:2008, 7; JCGM 102:2011, 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from quanheng.metrology.correlation import Correlation
from quanheng.metrology.distributions import Distribution
from quanheng.metrology.framework import as_model, check_distributions, check_inputs
from quanheng.metrology.function_models import FunctionModel
from quanheng.metrology.joint import joint
from quanheng.metrology.models import Model
from quanheng.metrology.monte_carlo import IntervalKind, Trials, run
from quanheng.metrology.results import recorded


@recorded
def simulate(
    model: Model | FunctionModel | Callable[..., Any] | str,
    inputs: Mapping[str, Distribution],
    *,
    seed: int,
    correlations: Sequence[Correlation] = (),
    trials: int | Literal["adaptive"] = "adaptive",
    coverage: float = 0.95,
    interval: IntervalKind = "symmetric",
    digits: int = 2,
    threads: int = 1,
) -> Trials:
    """Draw the inputs and evaluate the model, a fixed number of times or until stable (7.9.4).

    The seed is asked for, so that whoever has the record has the trials; see `monte_carlo.run` for what is refused.

    Examples
    --------
    >>> from quanheng.metrology.distributions import Rectangular
    >>> found = simulate("Y = a + b", {"a": Rectangular(-1, 1), "b": Rectangular(-1, 1)}, seed=1, trials=100_000)
    >>> round(found.summary("Y", 0.95, "symmetric").u, 2)
    0.82
    """
    known = as_model(model)
    check_inputs(known, inputs)
    check_distributions(inputs)
    return run(
        joint(inputs, correlations).draw,
        known.on_arrays,
        seed=seed,
        trials=trials,
        coverage=coverage,
        interval=interval,
        digits=digits,
        threads=threads,
    )
