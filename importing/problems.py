"""What keeps an import from being made at all."""


class SourceUnreadable(Exception):
    """The source cannot be read, or is not what it is said to be; one sentence for a person.

    It is printed in terminals and may quote the source: what is not printable becomes a space.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__("".join(char if char.isprintable() else " " for char in sentence))
