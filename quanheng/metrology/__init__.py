"""Numbers only: no input or output, no clock, no globals. docs/compute.md lists the modules."""
