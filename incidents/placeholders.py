"""The {placeholders} of prepared texts: a fixed list, replaced literally and once (reliability F5).

Pure rule. Nothing else in a text means anything: `{{7*7}}`, `${x}`, `{a.b}` and `%(x)s` stay as
they are written.
"""

import re
from collections.abc import Iterable, Mapping

from common.wording import gettext_noop

# What may be written, and what it means to the person who writes it.
MEANINGS = {
    "component": gettext_noop("the affected component, or the first of several"),
    "components": gettext_noop("all affected components"),
    "time": gettext_noop("the time when the template is used, with its zone"),
    "date": gettext_noop("the day when the template is used"),
    "page": gettext_noop("the name of the status page"),
    "impact": gettext_noop("the impact in one word"),
}
# A word in single braces; with a sign of another language in front of it, it belongs to that.
_FORM = re.compile(r"(?<![{$#%])\{([a-z_]+)\}(?!\})")


def unknown(text: str) -> list[str]:
    """Return the names in braces that are not on the list, as written, each once."""
    return [name for name in _names(text) if name not in MEANINGS]


def unfilled(text: str) -> list[str]:
    """Return the placeholders of the list that still stand in a text, each once."""
    return [name for name in _names(text) if name in MEANINGS]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its placeholders replaced in one pass; one without a value stays."""
    return _FORM.sub(lambda found: values.get(found[1]) or found[0], text)


def in_braces(names: Iterable[str]) -> str:
    """Return the names as a person writes them: "{component}, {time}"."""
    return ", ".join(f"{{{name}}}" for name in names)


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(_FORM.findall(text)))
