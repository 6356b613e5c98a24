"""Whether answers tell who is subscribed, or a customer: `bin/bench enumeration [requests of each kind]`.

Asks the two forms that take an address about people who are subscribed, who wait, whose address is
suppressed and whom nobody knows (A3, G-17); the sign-in of a customer page about mailboxes that it
lets in, that another page lets in, and that none does; and addresses of customer pages that were
guessed, and of pages that were retired (A4). In random order, on a throw-away SQLite file. Each kind
is compared with the first: the answers byte by byte, the times with the two-sample test of Kolmogorov
and Smirnov. Prints a line for each; ends with 0 when all answers are alike and every p is above 0.01.
"""

import logging
import math
import os
import random
import re
import secrets
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

EACH = 1_000
P_MIN = 0.01
PATHS = ("/subscribe", "/subscriptions")
KINDS = ("unknown", "subscribed", "waiting", "suppressed")
LISTS = ("unknown", "listed", "listed elsewhere")
GATE = ("guessed", "retired")
_RETIRED = 100  # pages
_WARMING = 50
# The page that was asked for, in links and redirects.
_ADDRESS = re.compile(rb"/p/[A-Za-z0-9_-]{22}")
# What is another one in each answer, whoever asks.
_OF_THE_MOMENT = {"date", "expires", "set-cookie", "x-request-id"}


@dataclass(frozen=True)
class Question:
    """What is asked of each kind, the first of which nobody knows; `noted` counts the rows it left."""

    name: str
    kinds: Mapping[str, Sequence[str]]
    ask: Callable[[Any, str, str], Any]  # of a browser, with one of the kind, from a place
    status: int
    noted: Callable[[], int] | None = None


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EACH
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="tests.settings", SECRET_KEY="bench", CANDOR_DATA=folder
        )
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        settings.ALLOWED_HOSTS = ["testserver"]
        logging.getLogger("django.request").setLevel(
            logging.ERROR
        )  # "Not Found", thousands of times
        call_command("migrate", verbosity=0)
        _seed(count)
        good = [_compare(question, count) for question in (*_forms(count), *_gate(count))]
    print("nobody can tell" if all(good) else "SOMEBODY CAN TELL")
    sys.exit(0 if all(good) else 1)


def kolmogorov_smirnov(first: list[float], second: list[float]) -> tuple[float, float]:
    """The largest distance of two empirical distributions, and the chance of one as large by chance.

    The asymptotic distribution with Stephens's correction for finite samples, good from n = 4 on.
    """
    merged = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    counts, distance = [0, 0], 0.0
    sizes = (len(first), len(second))
    for place, (value, which) in enumerate(merged):
        counts[which] += 1
        # Equal values count together: the step is taken after the last of them.
        if place + 1 == len(merged) or merged[place + 1][0] != value:
            distance = max(distance, abs(counts[0] / sizes[0] - counts[1] / sizes[1]))
    effective = math.sqrt(sizes[0] * sizes[1] / (sizes[0] + sizes[1]))
    scaled = (effective + 0.12 + 0.11 / effective) * distance
    if scaled < 0.2:
        return distance, 1.0
    tail = sum((-1) ** (j - 1) * math.exp(-2 * j * j * scaled * scaled) for j in range(1, 101))
    return distance, min(1.0, max(0.0, 2 * tail))


def _seed(count: int) -> None:
    from components import catalogue
    from subscribers.models import Reason, State, Subscriber, Suppression

    now, page = datetime.now(UTC), catalogue.page()
    for kind, state in (("subscribed", State.ACTIVE), ("waiting", State.WAITING)):
        Subscriber.objects.bulk_create(
            [
                Subscriber(
                    page=page,
                    channel="email",
                    address=address,
                    canonical=address,
                    state=state,
                    created_at=now,
                    confirmed_at=now if state == State.ACTIVE else None,
                )
                for address in _addresses(kind, count)
            ],
            batch_size=500,
        )
    Suppression.objects.bulk_create(
        [
            Suppression(channel="email", canonical=address, reason=Reason.COMPLAINT, created_at=now)
            for address in _addresses("suppressed", count)
        ],
        batch_size=500,
    )


def _addresses(kind: str, count: int) -> Iterator[str]:
    # Equally long, whatever the kind.
    return (f"{number:06d}@{kind:-<10}.example".replace("-", "x") for number in range(count))


def _forms(count: int) -> Iterator[Question]:
    from subscribers.models import Asked

    for path in PATHS:

        def ask(browser: Any, address: str, place: str, path: str = path) -> Any:
            typed = {"channel": "email", "email": address}
            return browser.post(path, typed, REMOTE_ADDR=place)

        kinds = {kind: list(_addresses(kind, count)) for kind in KINDS}
        yield Question(path, kinds, ask, 303, noted=_left_by(Asked))


def _gate(count: int) -> Iterator[Question]:
    from components import pages
    from customer_pages.models import SignIn
    from tests.customer_pages import people

    now = datetime.now(UTC)
    domains = [next(_addresses(kind, 1)).partition("@")[2] for kind in ("listed", "elsewhere")]
    page = people.customer_page("acme", [domains[0]])
    people.customer_page("beta", [domains[1]])
    gone = [people.customer_page(f"gone-{number}", []) for number in range(_RETIRED)]
    for each in gone:
        pages.retire(page=each, now=now)

    def sign_in(browser: Any, address: str, place: str) -> Any:
        return browser.post(f"/p/{page.address}/sign-in", {"email": address}, REMOTE_ADDR=place)

    names = ("unlisted", "listed", "elsewhere")
    boxes = dict(zip(LISTS, [list(_addresses(name, count)) for name in names], strict=True))
    yield Question("sign-in of a customer page", boxes, sign_in, 303, noted=_left_by(SignIn))

    def look(browser: Any, address: str, place: str) -> Any:
        return browser.get(f"/p/{address}/", REMOTE_ADDR=place)

    guessed = [secrets.token_urlsafe(16) for _number in range(count)]
    retired = [str(gone[number % _RETIRED].address) for number in range(count)]
    addresses = dict(zip(GATE, (guessed, retired), strict=True))
    yield Question("address of a customer page", addresses, look, 404)


def _compare(question: Question, count: int) -> bool:
    from django.test import Client

    asked = [(kind, one) for kind, ones in question.kinds.items() for one in ones]
    chance = random.Random(17)
    chance.shuffle(asked)
    browser = Client()
    browser.get("/subscribe")
    times: dict[str, list[float]] = defaultdict(list)
    answers: dict[str, set[Any]] = defaultdict(set)
    warming = [(kind, f"w{one[1:]}") for kind, one in asked[:_WARMING]]
    for number, (kind, one) in enumerate([*warming, *asked]):
        place = f"2001:db8:{number >> 12:x}:{number & 0xFFF:x}::1"
        began = time.perf_counter()
        answer = question.ask(browser, one, place)
        took = time.perf_counter() - began
        if number >= len(warming):  # after the templates are loaded
            times[kind].append(took * 1000)
            answers[kind].add(_told(answer))
    told = set.union(*answers.values())
    # Alike, and the answer of a form that was taken: of refusals alike nothing would follow.
    good = len(told) == 1 and {status for status, *_rest in told} == {question.status}
    found = question.noted() if question.noted else len(asked) + len(warming)
    if found != len(asked) + len(warming):
        sys.exit(f"{len(asked) + len(warming)} asked, and {found} were noted: this says nothing.")
    first, *others = question.kinds
    for kind in (first, *others):
        distance, p = kolmogorov_smirnov(times[first], times[kind])
        deciles = statistics.quantiles(times[kind], n=20)
        print(
            f"{question.name} {kind}: {count} requests, {len(answers[kind])} different answers,"
            f" median {statistics.median(times[kind]):.2f} ms, p95 {deciles[-1]:.2f} ms,"
            f" D {distance:.4f}, p {p:.3f}",
            flush=True,
        )
        good = good and (kind == first or p > P_MIN)
    return good


def _left_by(model: Any) -> Callable[[], int]:
    """Each request left the same row behind, for the program that writes the letters."""

    def noted() -> int:
        found: int = model.objects.count()
        model.objects.all().delete()
        return found

    return noted


def _told(answer: Any) -> tuple[int, bytes, tuple[tuple[str, str], ...], tuple[str, ...]]:
    headers = sorted(
        (name, value) for name, value in answer.items() if name.lower() not in _OF_THE_MOMENT
    )
    body = _ADDRESS.sub(b"/p/", answer.content)
    return answer.status_code, body, tuple(headers), tuple(sorted(answer.cookies))


if __name__ == "__main__":
    main()
