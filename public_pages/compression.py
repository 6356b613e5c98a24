"""The two compressed forms of a published file; shared by publisher and front, without Django."""

import gzip
from collections.abc import Mapping
from functools import lru_cache

import brotli  # type: ignore[import-untyped]  # the package has no types

# How the twin of a file is named, by the content coding of HTTP; in the order of preference.
SUFFIXES: Mapping[str, str] = {"br": ".br", "gzip": ".gz"}
BEST_BROTLI = 11


def compress(body: bytes, coding: str, *, brotli_quality: int = 5) -> bytes:
    """Return the body in a content coding; the same body always gives the same bytes."""
    if brotli_quality == BEST_BROTLI:
        return _constant(body, coding)
    return _compressed(body, coding, brotli_quality)


@lru_cache(maxsize=32)
def _constant(body: bytes, coding: str) -> bytes:
    """As small as brotli gets it: 30 ms a script, for the few constant files of each folder."""
    return _compressed(body, coding, BEST_BROTLI)


def _compressed(body: bytes, coding: str, brotli_quality: int) -> bytes:
    if coding == "br":
        return bytes(brotli.compress(body, quality=brotli_quality))
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    return body
