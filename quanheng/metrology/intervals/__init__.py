"""Intervals between calibrations (ILAC-G24:2022 / OIML D 10:2022; NCSLI RP-1; NASA-HDBK-8739.19-5)."""
