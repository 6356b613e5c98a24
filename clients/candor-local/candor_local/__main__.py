"""`python -m candor_local` does what the console script does."""

import sys

from candor_local import cli

sys.exit(cli.main())
