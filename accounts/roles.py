"""What each role may do: one table from role and permission to yes or no. Pure.

Permissions are named as Django names them, "app.verb_model"; ours beside those of models are
`STATUS`, `MUTE`, `TEST` and `PROGRESS`. What no line allows is refused, so a new app stays closed to everybody
but Owners until somebody opens it here. A new model of `incidents` needs no line.
"""

from enum import StrEnum

from common.wording import gettext_noop

# Beside the permissions of models: what a Responder does to things that only Owners configure.
STATUS = "components.set_status"
MUTE = "monitoring.mute_node"
TEST = "monitoring.test_address"
# To see how far the messages of an event are; a delivery itself names whom it is for.
PROGRESS = "notifications.view_progress"
# Who the customers are: the name and the address of a customer page are told to nobody else.
CUSTOMERS = "customer_pages.view_customersession"

# To make tokens for programs of one's own, which may do no more than oneself; open to every role.
OWN_TOKENS = "accounts.add_accesstoken"

# Apps whose rows every role may look at ...
_READABLE = frozenset({"components", "incidents", "monitoring", "notifications"})
# ... but for these models, which hold secrets or addresses, or belong to the team's own alerting.
_CLOSED = frozenset(
    f"monitoring.{model}"
    for model in ("token", "alertchannel", "alertsettings", "browser", "healthhook", "ping")
) | {"notifications.delivery"}
# A Responder sees who is told, and changes nothing of it; to a Viewer these people are nobody.
_RESPONDER_SEES = frozenset(
    {
        "catalog.view_entry",
        "subscribers.view_subscriber",
        "subscribers.view_suppression",
        CUSTOMERS,
        "notifications.view_delivery",
        "monitoring.view_ping",  # what jobs print may be anything
    }
)
_RESPONDS_WITH = frozenset({STATUS, MUTE, TEST}) | _RESPONDER_SEES
_VERBS = frozenset({"view", "add", "change", "delete"})
# Nobody rewrites history, whatever their role (reliability F14).
_NOBODY = frozenset(f"accounts.{verb}_auditentry" for verb in ("add", "change", "delete"))


class Role(StrEnum):
    """A member's role; an account without one may sign in and do nothing."""

    OWNER = "owner"
    RESPONDER = "responder"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def summary(self) -> str:
        """What the role may do, in one sentence; translated where it is shown."""
        return _SUMMARIES[self]


_LABELS = {
    Role.OWNER: gettext_noop("Owner"),
    Role.RESPONDER: gettext_noop("Responder"),
    Role.VIEWER: gettext_noop("Viewer"),
}
_SUMMARIES = {
    Role.OWNER: gettext_noop("Everything, also the team, tokens, alerts and settings."),
    Role.RESPONDER: gettext_noop(
        "Incidents, maintenance, announcements, statuses by hand, muting and test probes;"
        " looks at subscribers and the catalog."
    ),
    Role.VIEWER: gettext_noop(
        "Looks at everything but the team, subscribers, customers, deliveries, tokens and alert"
        " channels."
    ),
}


def allows(role: str, permission: str) -> bool:
    """Whether a member with this role ("" for none) has the permission "app.verb_model"."""
    if permission in _NOBODY:
        return False
    if role == Role.OWNER:
        return True
    if role not in {Role.RESPONDER, Role.VIEWER}:
        return False
    app, _dot, codename = permission.partition(".")
    verb, _line, model = codename.partition("_")
    if permission == OWN_TOKENS or (role == Role.RESPONDER and permission in _RESPONDS_WITH):
        return True
    if verb == "view":
        return app in _READABLE and f"{app}.{model}" not in _CLOSED
    return role == Role.RESPONDER and app == "incidents" and verb in _VERBS


def sees_app(role: str, app: str) -> bool:
    """Whether anything of an app is open to the role."""
    return role == Role.OWNER or (role in {Role.RESPONDER, Role.VIEWER} and app in _READABLE)
