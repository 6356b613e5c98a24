"""Our tests; a package because a reporter from PyPI installs another `tests`, which would win."""
