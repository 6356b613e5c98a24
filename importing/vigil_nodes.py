"""How Vigil looks at a node, as a node of ours, with Vigil's own defaults. Pure (interop 5.4)."""

from importing import checks_from_others as checks
from importing.checks_from_others import Check
from importing.plans import Node, Secret
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, shown, unknown_keys

_NODE_KEYS = frozenset(
    {"id", "label", "mode", "replicas", "http_headers", "http_method", "http_body"}
    | {"http_body_healthy_match", "scripts"}
)
_REASONS = {
    "reveal_replica_name": "pages number replicas and never name them",
    "link_url": "components have no link of their own",
    "link_label": "components have no link of their own",
    "rabbitmq_queue": "queues are not watched here",
    "rabbitmq_queue_nack_healthy_below": "queues are not watched here",
    "rabbitmq_queue_nack_dead_above": "queues are not watched here",
    "min_replicas_available": "how many replicas must live is no setting of a node",
}


class Reader:
    """Reads nodes; `metrics` hold for all of them. `has_push` says whether one waits for reporters."""

    def __init__(self, notes: Notes, secrets: list[Secret], metrics: Row) -> None:
        self.has_push = False
        self._notes = notes
        self._secrets = secrets
        self._metrics = metrics

    def read(self, row: Row, *, key: str, name: str) -> Node | None:
        """The node; None when nothing of ours can look at it. Raises SourceUnreadable."""
        check = Check(what=key, notes=self._notes, secrets=self._secrets)
        node = self._watched(row, check, key=key, name=name)
        for unknown in unknown_keys(row, _NODE_KEYS):
            check.left_out(unknown, _REASONS.get(unknown, "there is no such setting here"))
        return node

    def _watched(self, row: Row, check: Check, *, key: str, name: str) -> Node | None:
        mode = row.needed("mode")
        if mode == "script":
            check.left_out("mode script", "scripts of others are never run: nothing checks it now")
            return None
        if mode not in {"poll", "push", "local"}:
            raise SourceUnreadable(
                f"{row.place('mode')} should be poll, push, local or script, not {shown(mode)}."
            )
        addresses: list[str] = []
        if mode == "push":
            self._push(check)
        else:
            self._polled(row, check)
            if mode == "local":
                delay_s = self._metrics.number("local_delay_dead", 40)
                check.within("silent_after_s", delay_s, checks.SILENT_AFTER_S, "local_delay_dead")
                check.options["silence_rule"] = "announced"
            addresses = [
                found
                for text in row.texts("replicas")
                if (found := self._address(check, text)) is not None
            ]
        return Node(
            key=key,
            name=name,
            mode=mode,
            options=check.options,
            addresses=tuple(dict.fromkeys(addresses)),
            is_paused=check.is_paused,
        )

    def _push(self, check: Check) -> None:
        self.has_push = True
        metrics = self._metrics
        delay_s = metrics.number("push_delay_dead", 20)
        check.within("silent_after_s", delay_s, checks.SILENT_AFTER_S, "push_delay_dead")
        check.options["silence_rule"] = "announced"  # Vigil counts from the announced interval on
        for name in ("cpu", "ram"):
            limit = metrics.number(f"push_system_{name}_sick_above", 0.99)
            check.within(
                f"{name}_sick_above", limit, (0.0, 100.0), f"push_system_{name}_sick_above"
            )

    def _polled(self, row: Row, check: Check) -> None:
        metrics = self._metrics
        check.within(
            "interval_s", metrics.number("poll_interval", 120), checks.INTERVAL_S, "poll_interval"
        )
        check.within("retries", metrics.number("poll_retry", 2), checks.RETRIES, "poll_retry")
        dead_s = metrics.number("poll_delay_dead", 10)
        check.within("dead_after_s", dead_s, checks.DEAD_AFTER_S, "poll_delay_dead")
        sick_s = min(
            metrics.number("poll_delay_sick", 5), float(str(check.options["dead_after_s"]))
        )
        check.within("sick_after_s", sick_s, (0.001, checks.DEAD_AFTER_S[1]), "poll_delay_sick")
        lowest = metrics.number("poll_http_status_healthy_above", 200)
        highest = metrics.number("poll_http_status_healthy_below", 400) - 1
        if lowest > highest:
            raise SourceUnreadable(
                "metrics.poll_http_status_healthy_above should be below "
                "poll_http_status_healthy_below."
            )
        check.within("http_status_min", lowest, checks.STATUS, "poll_http_status_healthy_above")
        check.within("http_status_max", highest, checks.STATUS, "poll_http_status_healthy_below")
        self._request(row, check)

    def _request(self, row: Row, check: Check) -> None:
        check.options["http_follow_redirects"] = False  # Vigil judges a redirect by its own code
        pattern = row.text("http_body_healthy_match")
        method = row.text("http_method") or ("GET" if pattern else "HEAD")
        if method.upper() in {"POST", "PUT", "PATCH"}:
            checks.take_method(check, method, body=row.text("http_body"))
        else:  # Vigil sends a body with these three only
            checks.take_method(check, method, body="")
        if pattern:
            checks.take_regex(check, pattern, raw=f"http_body_healthy_match {pattern}")
        headers = row.row("http_headers")
        checks.take_headers(check, {name: headers.text(name) for name in headers.values})

    def _address(self, check: Check, text: str) -> str | None:
        if text.lower().startswith("ssh://"):
            check.left_out("ssh://", "only the connection over TCP is checked here")
            host, port = checks.host_of(text)
            return checks.address(check, f"tcp://{host}:{port or 22}")
        return checks.address(check, text)
