"""Which addresses belong to pushes and pings. Knows no Django: the front asks it too.

All that begins like one is answered here, also what is misspelt: Django would log its path, and the
secret with it.
"""

import re

PUSH_URL = re.compile(r"/+api/+push/+(?P<word>[^/]+)/*")
EXTERNAL = re.compile(r"/+api/+v1/+endpoints/+(?P<key>[^/]+)/+external/*")
PING = re.compile(r"/+ping/+(?P<uuid>[^/]+)(?:/+(?P<word>.*?))?/*", re.DOTALL)


def is_receiving_path(path: str) -> bool:
    """Whether `api.receiving` answers the path."""
    return any(pattern.fullmatch(path) for pattern in (PUSH_URL, EXTERNAL, PING))
