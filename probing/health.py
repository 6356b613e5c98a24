"""Health rules."""

from enum import StrEnum


class Health(StrEnum):
    HEALTHY = "healthy"
    SICK = "sick"
    DEAD = "dead"
