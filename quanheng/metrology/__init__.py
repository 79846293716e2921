"""Numbers only: no input or output, no clock, no globals."""
