"""Host names as requests and settings carry them: read strictly, or not at all. Knows no Django.

One place reads them for the front, for Django and for whoever enters a name, so that no two parts
can take the same bytes for different hosts (reliability A1, A9).
"""

import re

# What the front tells the dynamic application (WSGI environment): the id of the page that is asked.
# No header of a request can have this name.
PAGE_KEY = "candor.page_id"

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_HEADER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_NAME_LIMIT = 253


def of_header(header: str) -> str:
    """Return the host of a Host header: lower case, without port and without one dot at its end.

    Empty for everything that is not plainly one host, as two headers in one are.
    """
    match = _HEADER.fullmatch(header)
    return match[1].lower().removesuffix(".") if match else ""


def strict(name: str) -> str:
    """Return a name of strict labels (LDH, RFC 1123) in lower case, without one dot at its end.

    Empty for what is none: other characters, empty or too long labels, more than 253 characters.
    Names of other alphabets have to be A-labels (xn--…) already.
    """
    plain = name.removesuffix(".")
    if len(plain) > _NAME_LIMIT or not plain.isascii():
        return ""
    plain = plain.lower()
    return plain if _NAME.fullmatch(plain) else ""
