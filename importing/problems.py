"""What keeps an import from being made at all."""


class SourceUnreadable(Exception):
    """The source cannot be read, or is not what it is said to be; one sentence for a person."""
