"""The procedure engine: schema, safe formulas, run → result."""
