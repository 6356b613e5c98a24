"""What rules without Django need for the words of people: marks for translators, and what is not seen."""

import re

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def gettext_noop(message: str) -> str:
    """Return the message as it is: only marks it for `makemessages`, without Django here."""
    return message


def without_unseen(text: str) -> str:
    """The text without characters that nobody sees and that come along when it is pasted."""
    return _UNSEEN.sub("", text)
