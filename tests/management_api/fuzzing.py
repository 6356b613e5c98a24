"""schemathesis against the management API, in this process: what it sent, and what was not as declared.

The test and `bin/bench api` use it. Requests go through Django's WSGI handler to the database of the
process, with a token of an owner.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.test import Client
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.hooks import unregister

from tests.management_api import fuzzed_world

DOCUMENT = "/api/manage/v1/openapi.json"
# No 5xx, no status, media type, header or body that the document does not declare.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@dataclass
class Report:
    """How many requests there were, by phase and by status, and what was wrong in them.

    `done`: the operations that succeeded (2xx) at least once.
    """

    by_phase: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.by_phase.total()


def run(*, secret: str, seed: int, examples: int, stories: int, covered: int = 1) -> Report:
    """Send requests made from the document, and check each answer against it.

    Raises when the document is no OpenAPI 3.1.

    Args:
        secret: the token.
        seed: the same seed sends the same requests.
        examples: how many random requests each operation gets.
        stories: how many rows of requests that build upon each other there are.
        covered: of every so many operations, one has the edges of all its fields tried.
    """
    config = SchemathesisConfig.from_dict(_config(secret, seed, examples, stories, covered))
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, get_wsgi_application(), config=config)
    schema.validate()
    report, preparing = Report(), schemathesis.hook("before_call")(_preparing(seed))
    connection.ensure_connection()
    connection.close_at = None  # else each request would open one anew, an eighth of its time
    connection.inc_thread_sharing()
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _count(report, event)
            elif isinstance(event, events.NonFatalError):
                report.problems.append(f"{event.label}: {event.info.message}")
            elif isinstance(event, events.FatalError):
                raise event.exception
    finally:
        unregister(preparing)
        connection.dec_thread_sharing()
        connection.close()
    return report


def _preparing(seed: int) -> Callable[[Any, Any, Any], None]:
    """A hook that has the rows an operation names before its turn comes, and all before the stories."""
    last = ["", ""]
    shared = connections[DEFAULT_DB_ALIAS]

    def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
        connections[DEFAULT_DB_ALIAS] = shared  # requests are made in threads of schemathesis
        phase, operation = case.meta.phase.name.value, case.operation.label
        turn = [phase, operation if phase != "stateful" else ""]
        is_next, last[:] = turn != last, turn
        if phase == "stateful":
            if is_next:
                fuzzed_world.fill(seed=seed)
        elif is_next or (phase == "examples" and case.method != "GET"):
            fuzzed_world.ready(operation)

    return before_call


def _config(secret: str, seed: int, examples: int, stories: int, covered: int) -> dict[str, Any]:
    on = {name: {"enabled": True} for name in CHECKS}
    # One entry for all of them: every request is compared with every entry.
    left_out = [name for place, name in enumerate(operations()) if (place + seed) % covered]
    without = {"include-name": left_out, "phases": {"coverage": {"enabled": False}}}
    return {
        "seed": seed,
        "headers": {"Authorization": f"Bearer {secret}"},
        "workers": 1,
        "continue-on-failure": True,
        "checks": {"enabled": False, **on},
        "generation": {"deterministic": True, "database": "none", "no-shrink": True},
        "phases": {
            "fuzzing": {"generation": {"max-examples": examples}},
            "stateful": {"generation": {"max-examples": stories}, "max-steps": 6},
        },
        "operations": [without] if left_out else [],
    }


def operations() -> list[str]:
    """The operations as schemathesis calls them."""
    document = Client().get(DOCUMENT).json()
    return [
        f"{method.upper()} {path}" for path, found in document["paths"].items() for method in found
    ]


def _count(report: Report, event: events.ScenarioFinished) -> None:
    for case_id, interaction in event.recorder.interactions.items():
        report.by_phase[event.phase.value] += 1
        if interaction.response is not None:
            status = interaction.response.status_code
            report.by_status[status] += 1
            if 200 <= status < 300:
                report.done.add(event.recorder.cases[case_id].value.operation.label)
    report.problems += list(_problems(event))


def _problems(event: events.ScenarioFinished) -> Iterator[str]:
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                label = event.recorder.cases[case_id].value.operation.label
                sample = check.failure_info.code_sample
                yield f"{label}: {failure.title}: {failure.message}\n    {sample}"
