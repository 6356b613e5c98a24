"""Nodes and replicas below a component, what was measured of them, and the operators' alerts.

One module a subject; everybody imports from here.
"""

from monitoring.models.alerts import AlertChannel, AlertSettings, Browser, HealthHook, ToldDeath
from monitoring.models.incoming import (
    ALERT_STATUSES,
    AlertEffect,
    AlertRule,
    OutsideAlert,
    Ping,
    PingKind,
)
from monitoring.models.nodes import FRESH_INTERVALS, Location, Mode, Node, SilenceRule
from monitoring.models.replicas import Replica, ReplicaQuerySet
from monitoring.models.samples import CheckTotal, PackedHour, ResponseSummary, Sample, Span
from monitoring.models.tokens import Token, TokenKind
from monitoring.models.truth import DraftPolicy, Finding, TruthSettings
from monitoring.models.verdicts import Ballot, Blindness, HealthChange, PageHealthChange, Pulse

__all__ = [
    "ALERT_STATUSES",
    "FRESH_INTERVALS",
    "AlertChannel",
    "AlertEffect",
    "AlertRule",
    "AlertSettings",
    "Ballot",
    "Blindness",
    "Browser",
    "CheckTotal",
    "DraftPolicy",
    "Finding",
    "HealthChange",
    "HealthHook",
    "Location",
    "Mode",
    "Node",
    "OutsideAlert",
    "PackedHour",
    "PageHealthChange",
    "Ping",
    "PingKind",
    "Pulse",
    "Replica",
    "ReplicaQuerySet",
    "ResponseSummary",
    "Sample",
    "SilenceRule",
    "Span",
    "Token",
    "TokenKind",
    "ToldDeath",
    "TruthSettings",
]
