"""Regular expressions for body checks, matched by RE2 in time linear in the body (F8).

Python's own engine takes exponential time on patterns anybody can write; RE2 does not, but its
slow path still costs pattern size times text size, hence the limits.
"""

import re2

PATTERN_LIMIT = 1000
# RE2's own measure. On 64 KB its slowest path took about 0.6 ms per instruction here, so this is
# a search of 1.5 s at worst, in a thread and without the interpreter lock.
PROGRAM_LIMIT = 2500
# One compiled pattern may keep 8 MB of matching state (less makes RE2 leave its fast path at
# once). Big ones are dropped after use, so that its cache of 128 patterns stays small.
_KEEP_LIMIT = 250


class PatternInvalid(ValueError):
    """The pattern cannot be used; the message says what to change."""


def check_regex(pattern: str) -> None:
    """Raise PatternInvalid, with a sentence for the person who typed it, unless it can be used."""
    _compile(pattern)


def found(pattern: str, text: bytes) -> bool:
    """Whether the pattern matches anywhere in the text (UTF-8). Blocks: call it in a thread.

    Raises PatternInvalid.
    """
    regex = _compile(pattern)
    try:
        return regex.search(text) is not None
    finally:
        if regex.programsize > _KEEP_LIMIT:
            re2.purge()


def _compile(pattern: str) -> "re2._Regexp":
    if len(pattern) > PATTERN_LIMIT:
        raise PatternInvalid(f"The pattern is longer than {PATTERN_LIMIT} characters.")
    options = re2.Options()
    options.log_errors = False
    try:
        regex = re2.compile(pattern, options)
    except re2.error as error:
        raise PatternInvalid(_explain(error)) from error
    except UnicodeEncodeError as error:
        raise PatternInvalid("The pattern contains a broken character.") from error
    if max(regex.programsize, regex.reverseprogramsize) > PROGRAM_LIMIT:
        raise PatternInvalid("The pattern is too large: use smaller repetition counts.")
    return regex


def _explain(error: Exception) -> str:
    cause = error.args[0] if error.args else "unknown error"
    text = cause.decode("utf-8", "replace") if isinstance(cause, bytes) else str(cause)
    hint = ""
    if "perl operator" in text or "escape sequence" in text:
        hint = " (look-around and back-references are not supported)"
    return f"The pattern is not a valid regular expression: {text}{hint}."
