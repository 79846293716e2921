"""Where areas are measured: processes of this machine, or a Spark cluster; the same kernels, the same digits."""
