"""What a person may set for a check; plain values without Django."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    status_min: int = 200
    status_below: int = 400
    body_contains: str | None = None
    body_regex: str | None = None
    follow_redirects: bool = True
    max_redirects: int = 5
    verify_tls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    sick_after_s: float
    dead_after_s: float
    retries: int
