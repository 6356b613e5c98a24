"""A cleaned picture on its way from an upload into the database; loads no decoder."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A picture in a format of ours; sides in pixels, 0 for what has no shape of its own."""

    kind: str  # svg, png or webp; css for the style sheet of a preview
    width: int
    height: int
    body: bytes
