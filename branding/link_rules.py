"""Links of the header and the footer, as operators write them: a line each. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from common.wording import gettext_noop, without_unseen

MOST = 8
LABEL_LENGTH = 40
URL_LENGTH = 500
_SCHEMES = ("https", "http", "mailto")
# White space, controls, and what a browser reads as a slash or as the end of an attribute.
_NOT_IN_URLS = re.compile(r"[\s\x00-\x20\x7f\\\"'<>`{}|^]")


@dataclass(frozen=True, slots=True)
class Link:
    """A label that people read, and an address that begins with https, http or mailto."""

    label: str
    url: str


class NotALink(ValueError):
    """A line is no link; the English sentence, to be translated, with its number in `line`."""

    def __init__(self, sentence: str, line: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line


def listed(text: str) -> list[Link]:
    """Return the links of a text with lines like "Website | https://acme.example"; empty lines are none.

    Raises:
        NotALink: for the first line that is none, and for one too many.
    """
    links = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        label, _between, url = line.rpartition("|")
        links.append(_link(label, url, number))
        if len(links) > MOST:
            raise NotALink(gettext_noop("Write at most eight links."), number)
    return links


def written(links: Sequence[Link]) -> str:
    """Return the lines that stand for the links."""
    return "\n".join(f"{link.label} | {link.url}" for link in links)


def is_url(text: str) -> bool:
    """Whether an address leads to a web page or opens a mail, and nothing else."""
    if len(text) > URL_LENGTH or _NOT_IN_URLS.search(text):
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _port = parts.port
    except ValueError:
        return False
    if parts.scheme not in _SCHEMES:
        return False
    if parts.scheme == "mailto":
        return "@" in parts.path and not parts.netloc
    # user@host shows one name and leads to another
    return bool(host) and "@" not in parts.netloc


def _link(label: str, url: str, number: int) -> Link:
    label, url = " ".join(without_unseen(label).split()), url.strip()
    if not label or not url:
        raise NotALink(
            gettext_noop(
                "Write a name, the sign | and an address: Website | https://acme.example."
            ),
            number,
        )
    if len(label) > LABEL_LENGTH or any(not letter.isprintable() for letter in label):
        raise NotALink(gettext_noop("The name of a link has at most 40 letters."), number)
    if not is_url(url):
        raise NotALink(
            gettext_noop("The address of a link begins with https://, http:// or mailto:."), number
        )
    return Link(label, url)
