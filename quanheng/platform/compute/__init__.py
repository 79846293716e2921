"""计算: the numerical tasks as pages. No tables: a request lives in its link or in the reader's file."""
