"""How busy this host is, in the two numbers a report carries."""

from __future__ import annotations

import psutil


def cpu_ratio() -> float:
    """Load average of the last minute by number of CPUs; above 1 when work is waiting."""
    one_minute: float = psutil.getloadavg()[0]
    return round(one_minute / (psutil.cpu_count() or 1), 4)


def ram_ratio() -> float:
    """Memory in use by memory in total, 0 to 1; caches that can be given back are not in use."""
    percent: float = psutil.virtual_memory().percent
    return round(percent / 100, 4)
