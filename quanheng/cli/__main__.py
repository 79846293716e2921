"""``python -m quanheng.cli``."""

import sys

from quanheng.cli.main import main

sys.exit(main())
