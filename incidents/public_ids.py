"""The short names of events in addresses; migrations that have shipped name the function here."""

from common.public_ids import ALPHABET, LENGTH, is_valid, make

__all__ = ["ALPHABET", "LENGTH", "is_valid", "make"]
