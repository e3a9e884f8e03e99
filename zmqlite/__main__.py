"""`python -m zmqlite` is the command `zmqlite`."""

import sys

from .cli import main

sys.exit(main())
