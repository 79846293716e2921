"""``python3 -m scripts VERB``: what the Makefile calls. Kept readable by old Pythons to say so."""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write(
        "Quanheng needs Python 3.11 or newer; this is %d.%d.\n"
        "  Remedy: install Python 3.11 and run `make PYTHON=/path/to/python3.11 ...`.\n" % sys.version_info[:2]
    )
    sys.exit(2)

from scripts.verbs import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
