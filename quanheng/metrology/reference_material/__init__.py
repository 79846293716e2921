"""Reference materials: homogeneity, stability, characterisation, certified value (ISO 33405, JJF 1343)."""
