"""Correlation of inputs: pairs as people give them, the checked matrix and factor (GUM 5.2.2; JCGM 102, 6.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.vectors import Floats

Correlation = tuple[str, str, float]


def correlation_matrix(names: Sequence[str], correlations: Sequence[Correlation]) -> Floats:
    """The matrix of coefficients, refused unless it is positive semidefinite (GUM 5.2.2; JCGM 102, 6.2)."""
    position = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    for a, b, r in correlations:
        place = f"correlations {a}, {b}"
        if a not in position or b not in position or a == b:
            raise InputError("correlation", "correlate two different known inputs", place)
        if not -1 <= r <= 1:
            raise InputError("correlation", "a correlation coefficient lies between -1 and 1", place)
        i, j = position[a], position[b]
        if matrix[i, j] != 0:
            raise InputError("correlation", "give each pair once", place)
        matrix[i, j] = matrix[j, i] = r
    lowest = float(np.linalg.eigvalsh(matrix)[0]) if correlations else 1.0
    if lowest < -1e-9 * len(names):
        raise InputError(
            "correlation_matrix",
            f"the coefficients contradict each other: the matrix has the eigenvalue {lowest:.3g} and must be "
            "positive semidefinite",
            "correlations",
        )
    return matrix


def factor(matrix: Floats) -> Floats:
    """A matrix L with L·Lᵀ equal to `matrix`, which may be singular."""
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
        return root
