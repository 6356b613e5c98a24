"""What an access token may be used for: `resource:verb` words, and what they cover. Pure.

A scope only narrows. What its owner's role does not allow, no scope gives (`accounts.roles`).
"""

from collections.abc import Collection, Iterable

# Every resource of the management API, in the order the console offers them.
RESOURCES = (
    "page",
    "components",
    "groups",
    "nodes",
    "replicas",
    "incidents",
    "maintenances",
    "templates",
    "postmortems",
    "announcements",
    "subscribers",
    "catalog",
    "customer_pages",
    "channels",
    "deliveries",
    "uptime",
    "sla",
)
READ, WRITE = "read", "write"
ALL = "*"
# Programs change nothing of these: they are made by what happened.
READ_ONLY = frozenset({"uptime", "sla"})


def every() -> tuple[str, ...]:
    """All words there are, for a form to choose from."""
    words = [f"{ALL}:{READ}", f"{ALL}:{WRITE}"]
    for resource in RESOURCES:
        words.append(f"{resource}:{READ}")
        if resource not in READ_ONLY:
            words.append(f"{resource}:{WRITE}")
    return tuple(words)


def unknown(scopes: Iterable[str]) -> tuple[str, ...]:
    """Those that are no scope."""
    known = frozenset(every())
    return tuple(scope for scope in scopes if scope not in known)


def cover(scopes: Collection[str], wanted: str) -> bool:
    """Whether a token with these scopes may be used for `wanted`; who may write may read."""
    resource, _colon, verb = wanted.partition(":")
    verbs = (READ, WRITE) if verb == READ else (verb,)
    return any(f"{name}:{each}" in scopes for name in (resource, ALL) for each in verbs)
