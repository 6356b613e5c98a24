"""What the faults have in common: a product with its audience, updates, and the verdict at the end."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.faultlab import lab as laboratory
from tests.faultlab import verdicts
from tests.faultlab.lab import Lab

# A lease and the pause after doubt have to pass before a killed sender's messages are taken up.
PATIENCE_S = 600.0
IN_FLIGHT = 16  # connections of a worker: what a kill may leave in doubt


@dataclass
class Scene:
    """A running product with `people` who want to hear of everything."""

    lab: Lab
    people: set[str]
    size: int
    updates: int = 0
    holds: dict[str, bool] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)

    def post(self) -> float:
        """Publish the next update; how many seconds that took."""
        began, ended = self.lab.post(self.updates)
        self.updates += 1
        return ended - began

    def post_all(self, count: int) -> None:
        """Publish so many updates, each when half as many messages as there are people are sent."""
        for number in range(count):
            self.post()
            self.lab.wait_for(self.size * (number + 1) // 2, timeout_s=180)

    def hold(self, name: str, is_so: object) -> None:
        """Insist that something is so."""
        self.holds[name] = self.holds.get(name, True) and bool(is_so)

    def verdict(
        self,
        *,
        kills: int = 0,
        doubled: int = 0,
        excused: Collection[str] = (),
        open_left: int = 0,
        patience_s: float = PATIENCE_S,
    ) -> dict[str, Any]:
        """Wait until all is quiet, and judge."""
        is_quiet = self.lab.until_quiet(timeout_s=patience_s, open_left=open_left)
        self.hold("all came to its end", is_quiet)
        return verdicts.of(
            self.lab,
            verdicts.Expected(
                people=self.people,
                updates=self.updates,
                excused=excused,
                doubled=doubled,
                kills=kills,
                holds=self.holds,
                measured=self.measured,
            ),
        )


def absent_s() -> float:
    """How long a program stays away: seconds, or as the spec says with `--spec`."""
    return float(os.environ.get("FAULTLAB_ABSENT_S", "2"))


def readers(count: int) -> set[str]:
    return {f"reader{number}@example.com" for number in range(count)}


@contextmanager
def scene(
    mails: int,
    *,
    hooks: Sequence[tuple[str, str]] = (),
    texts: int = 0,
    pause_ms: float = 10,
    has_page: bool = True,
    is_durable: bool = False,
    beat: Mapping[str, str] | None = None,
    worker: bool = True,
    settings: dict[str, str] | None = None,
) -> Iterator[Scene]:
    """The product, warmed up. `hooks` are hosts and paths of webhooks, `beat` settings of beat alone."""
    with laboratory.running(pause_ms=pause_ms, is_durable=is_durable, settings=settings) as lab:
        urls = [lab.http.replace("127.0.0.1", host) + path for host, path in hooks]
        lab.seed({"email": mails, "sms": texts}, hooks=urls)
        lab.start("beat-1", settings=dict(beat or {}))
        if worker:
            lab.start("worker-1")
            lab.warm_up()
        if has_page:
            lab.start_page()
        people = readers(mails) | {urlsplit(url).path for url in urls}
        people |= {f"+1555{number:07d}" for number in range(texts)}
        yield Scene(lab=lab, people=people, size=len(people))
