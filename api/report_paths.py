"""Which addresses belong to reporters and local daemons. Knows no Django: the front asks it too."""

import re

# One version of the Node reporter keeps the path of its base address, "/status/" (capture C3).
# Doubled slashes come from a base address with a slash at its end (protocols 0.12); the replica of
# a flush keeps its own, because WSGI has decoded `tcp%3A%2F%2F…` by now (0.10).
REPORT = re.compile(
    r"(?:/+status)?/+(?:(?P<vigil>reporter)|v1/+report)/+(?P<service>[^/]+)/+(?P<node>[^/]+)"
    r"(?:/(?P<replica>.*))?",
    re.DOTALL,
)
MAP = re.compile(r"/+v1/+probes/+local/*")


def is_report_path(path: str) -> bool:
    """Whether `api.reports` answers the path."""
    return REPORT.fullmatch(path) is not None or MAP.fullmatch(path) is not None
