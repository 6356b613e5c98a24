"""schemathesis against the management API, in this process: what it sent, and what was not as declared.

The test and `bin/bench api` use it. Requests go through Django's WSGI handler to the database of the
process, with a token of an owner.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from incidents.models import Incident, Maintenance
from management_api.api import document
from tests import build

DOCUMENT = "/api/manage/v1/openapi.json"
# No 5xx, no status, media type, header or body that the document does not declare.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# The ids that the document gives as examples.
PUBLIC_ID, ROW_ID = "k3f8gr2bxq9t", 1


@dataclass
class Report:
    """How many requests there were, by phase and by status, and what was wrong in them."""

    by_phase: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.by_phase.total()


def fill(*, seed: int) -> None:
    """Have rows that the document's examples name, so that requests reach further than a 404.

    Of events, which share their ids, an incident for odd seeds and a maintenance for even ones.
    """
    now = timezone.now()
    group = build.group(public_id=PUBLIC_ID)
    component = build.component(public_id=PUBLIC_ID, group=group)
    build.replica(id=ROW_ID, node=build.node(id=ROW_ID, component=component))
    build.page(components=[component], public_id=PUBLIC_ID)
    build.subscriber(components=[component])
    incident = build.incident(components={component: None}, notify=False, now=now)
    maintenance = build.maintenance(components=[component], notify=False, now=now)
    named: Any = Incident.objects.filter(pk=incident.pk)
    if not seed % 2:
        named = Maintenance.objects.filter(pk=maintenance.pk)
    named.update(public_id=PUBLIC_ID)


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
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _count(report, event)
        elif isinstance(event, events.NonFatalError):
            report.problems.append(f"{event.label}: {event.info.message}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return report


def _config(secret: str, seed: int, examples: int, stories: int, covered: int) -> dict[str, Any]:
    on = {name: {"enabled": True} for name in CHECKS}
    left_out = [
        {"include-name": name, "phases": {"coverage": {"enabled": False}}}
        for place, name in enumerate(_operations())
        if (place + seed) % covered
    ]
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
        "operations": left_out,
    }


def _operations() -> list[str]:
    """The operations as schemathesis calls them."""
    return [
        f"{method.upper()} {path}"
        for path, found in document()["paths"].items()
        for method in found
    ]


def _count(report: Report, event: events.ScenarioFinished) -> None:
    for interaction in event.recorder.interactions.values():
        report.by_phase[event.phase.value] += 1
        if interaction.response is not None:
            report.by_status[interaction.response.status_code] += 1
    report.problems += list(_problems(event))


def _problems(event: events.ScenarioFinished) -> Iterator[str]:
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                label = event.recorder.cases[case_id].value.operation.label
                sample = check.failure_info.code_sample
                yield f"{label}: {failure.title}: {failure.message}\n    {sample}"
