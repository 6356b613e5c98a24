"""Samples of one replica and hour as a few bytes each: the packed form and back (pure rule).

Format, version 1: a version byte, then for each sample in order of time
  varint(zigzag(change of the distance to the previous sample, in tenths of a second) * 4 + outcome)
  and, when the sample has a latency, varint(zigzag(change of the latency, in ms) + 1), else a 0 byte.
A replica checked on time and answering evenly costs two to three bytes a sample.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1


class Outcome(IntEnum):
    """What a sample says of the replica; the values are stored."""

    HEALTHY = 0
    SICK = 1
    DEAD = 2
    UNKNOWN = 3


class PackedDataBroken(ValueError):
    """The bytes are not what `pack` writes."""


@dataclass(frozen=True, slots=True, order=True)
class PackedSample:
    """One sample: tenths of a second since the start of its hour, latency in ms, outcome."""

    offset_ds: int
    latency_ms: int | None
    outcome: Outcome


def pack(samples: Iterable[PackedSample]) -> bytes:
    """The samples, sorted by time, as bytes."""
    out = bytearray([VERSION])
    last_offset = last_step = last_latency = 0
    for sample in sorted(samples, key=lambda sample: sample.offset_ds):
        step = sample.offset_ds - last_offset
        _put(out, _zigzag(step - last_step) * 4 + sample.outcome)
        last_offset, last_step = sample.offset_ds, step
        if sample.latency_ms is None:
            _put(out, 0)
        else:
            _put(out, _zigzag(sample.latency_ms - last_latency) + 1)
            last_latency = sample.latency_ms
    return bytes(out)


def unpack(data: bytes) -> list[PackedSample]:
    """What `pack` was given, in order of time. Raises PackedDataBroken on foreign bytes."""
    if not data or data[0] != VERSION:
        raise PackedDataBroken("Not packed samples of a known version.")
    numbers = _numbers(data)
    samples: list[PackedSample] = []
    offset = step = latency = 0
    for head in numbers:
        step += _unzigzag(head >> 2)
        offset += step
        body = next(numbers, None)
        if body is None:
            raise PackedDataBroken("The packed samples end in the middle of one.")
        if body:
            latency += _unzigzag(body - 1)
        samples.append(PackedSample(offset, latency if body else None, Outcome(head & 3)))
    return samples


def percentile(ordered: list[int], share: float) -> int | None:
    """The nearest-rank percentile of sorted values: the smallest that `share` of them do not exceed."""
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * round(share * 100) // 100))
    return ordered[rank - 1]


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _unzigzag(number: int) -> int:
    return number // 2 if number % 2 == 0 else -(number + 1) // 2


def _put(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _numbers(data: bytes) -> Iterator[int]:
    number = shift = 0
    is_open = False
    for byte in data[1:]:
        number |= (byte & 0x7F) << shift
        is_open = bool(byte & 0x80)
        if is_open:
            shift += 7
        else:
            yield number
            number = shift = 0
    if is_open:
        raise PackedDataBroken("The packed samples end in the middle of a number.")
