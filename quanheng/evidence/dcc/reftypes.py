"""refTypes that mean the same thing in different hands, so that a value is found whoever wrote the file."""

from __future__ import annotations

# drifted spelling → the one the Good Practice examples use
SYNONYMS: dict[str, str] = {
    "basic_standardUsed": "basic_normalUsed",
    "basic_normalsUsed": "basic_normalUsed",
    "basic_referenceStandard": "basic_normalUsed",
    "basic_measuredvalue": "basic_measuredValue",
    "basic_measuredValues": "basic_measuredValue",
    "basic_indicatedValue": "basic_measuredValue",
    "basic_referencevalue": "basic_referenceValue",
    "basic_referenceValues": "basic_referenceValue",
    "basic_measurementDeviation": "basic_measurementError",
    "basic_error": "basic_measurementError",
    "basic_deviation": "basic_measurementError",
    "basic_relativeHumidity": "basic_humidityRelative",
    "basic_humidity": "basic_humidityRelative",
    "basic_airTemperature": "basic_temperature",
    "basic_ambientTemperature": "basic_temperature",
    "basic_airPressure": "basic_pressure",
    "basic_nominal": "basic_nominalValue",
    "basic_conformityStatement": "basic_conformity",
    "gp_measuringResult": "gp_measuringResult1",
    "gp_table": "gp_table1",
}
# names people write without their prefix
_BARE = {
    "nominalValue", "measuredValue", "referenceValue", "measurementError", "temperature", "temperatureMin", "pressure",
    "temperatureMax", "humidityRelative", "humidityRelativeMin", "humidityRelativeMax", "conformity", "normalUsed",
    "uncertainty", "conventionalMass", "calibrationValue", "validityRange", "recalibration", "acceptanceLimitLower",
    "acceptanceLimitUpper", "serialNumber",
}  # fmt: skip
SYNONYMS.update({name: f"basic_{name}" for name in _BARE})


def canonical(ref_type: str) -> str:
    """The spelling we look for; an unknown refType is its own."""
    return SYNONYMS.get(ref_type, ref_type)


def has(ref_types: tuple[str, ...], wanted: str) -> bool:
    """Whether any of an element's refTypes means ``wanted``."""
    return any(canonical(r) == wanted for r in ref_types)
