"""Comparisons of laboratories: reference values, consistency, degrees of equivalence, scores, linking."""
