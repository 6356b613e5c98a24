"""Facts as metric families, in the names and units that Prometheus expects.

Labels are few and bounded by what an operator set up: components, nodes, replicas, channels.
"""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from components.status import Status
from monitoring.totals import BUCKETS_S
from observability.facts import Facts
from probing.health import Health


class FactsCollector(Collector):
    """The families of one moment, for a registry of their own."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        """Yield every family, also those without a sample: what is watched for stays known."""
        facts = self._facts
        build = InfoMetricFamily("candor_build", "The version that runs")
        build.add_metric([], {"version": facts.version})
        yield build
        yield from _statuses(facts)
        yield from _replicas(facts)
        yield from _checks(facts)
        yield from _events(facts)
        yield from _deliveries(facts)
        published = GaugeMetricFamily(
            "candor_last_publish_timestamp_seconds", "When the public page was written last"
        )
        if facts.published_at_s is not None:
            published.add_metric([], facts.published_at_s)
        yield published


def registry(facts: Facts) -> CollectorRegistry:
    """Return a registry with these facts alone."""
    made = CollectorRegistry(auto_describe=False)
    made.register(FactsCollector(facts))
    return made


def _gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"candor_{name}", text, labels=labels)


def _statuses(facts: Facts) -> Iterator[Metric]:
    status = _gauge(
        "component_status",
        "1 for the status that visitors see of a component, 0 for the others",
        ["component", "group", "status"],
    )
    ratio = _gauge(
        "component_uptime_ratio",
        "Uptime of a component in a window, as visitors see it",
        ["component", "group", "window"],
    )
    for component in facts.components:
        names = [component.name, component.group]
        for member in Status:
            status.add_metric([*names, member.value], float(member is component.status))
        for window, value in component.uptime.items():
            if value is not None:
                ratio.add_metric([*names, window], value)
    page = _gauge("page_status", "1 for the status of the page, 0 for the others", ["indicator"])
    for member in Status:
        page.add_metric([member.value], float(member.value == facts.indicator))
    yield from (status, ratio, page)


def _replicas(facts: Facts) -> Iterator[Metric]:
    labels = ["component", "node", "replica"]
    up = _gauge("replica_up", "1 healthy or sick, 0 dead; absent while nothing is known", labels)
    took = _gauge("replica_response_time_seconds", "Response time of the last check", labels)
    expiry = _gauge("certificate_expiry_timestamp_seconds", "When a certificate expires", labels)
    for replica in facts.replicas:
        names = [replica.component, replica.node, replica.address]
        if replica.health is not None:
            up.add_metric(names, float(replica.health is not Health.DEAD))
        if replica.response_s is not None:
            took.add_metric(names, replica.response_s)
        if replica.certificate_expires_at is not None:
            expiry.add_metric(names, replica.certificate_expires_at.timestamp())
    yield from (up, took, expiry)


def _checks(facts: Facts) -> Iterator[Metric]:
    total = CounterMetricFamily(
        "candor_probe_checks", "Checks by what they found", labels=["result"]
    )
    seconds = HistogramMetricFamily(
        "candor_probe_duration_seconds", "How long checks took that had an answer"
    )
    for outcome, found in facts.checks.items():
        total.add_metric([outcome.name.lower()], found.count)
    timed = sum(found.timed for found in facts.checks.values())
    within = [
        sum(counts) for counts in zip(*(one.buckets for one in facts.checks.values()), strict=True)
    ]
    buckets: Any = [(str(bound), count) for bound, count in zip(BUCKETS_S, within, strict=True)] + [
        ("+Inf", timed)
    ]
    seconds.add_metric([], buckets, sum_value=sum(one.seconds for one in facts.checks.values()))
    yield from (total, seconds)


def _events(facts: Facts) -> Iterator[Metric]:
    incidents = _gauge("incidents_open", "Incidents that are going on", ["impact"])
    for impact in ("none", "minor", "major", "critical"):
        incidents.add_metric([impact], facts.open_incidents.get(impact, 0))
    maintenance = _gauge("maintenance_active", "Maintenance that is going on", [])
    maintenance.add_metric([], facts.running_maintenance)
    yield from (incidents, maintenance)


def _deliveries(facts: Facts) -> Iterator[Metric]:
    # Deliveries are deleted after 90 days, so this is no counter.
    found = _gauge("notifications", "Stored deliveries of 90 days", ["channel", "result"])
    for (channel, state), count in sorted(facts.deliveries.items()):
        found.add_metric([channel, state], count)
    hooks = _gauge("webhook_queue_length", "Webhook deliveries that are due", [])
    hooks.add_metric([], facts.hooks_waiting)
    age = _gauge("oldest_due_delivery_age_seconds", "How long the oldest due delivery waits", [])
    age.add_metric([], facts.oldest_due_age_s or 0.0)
    yield from (found, hooks, age)
