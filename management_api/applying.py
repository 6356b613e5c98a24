"""The configuration file over the network: what `bin/manage apply` does, for `candor apply`."""

from enum import StrEnum

from ninja import Router
from pydantic import Field

from accounts.access_tokens import NotAllowed
from management_api import operations
from management_api.guard import ApiRequest
from management_api.schemas import In, Out
from monitoring.config_file import applying, loading, plans, yaml_source

router = Router(tags=["configuration file"])


class Action(StrEnum):
    """What happens to one item."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    KEPT = "kept"


_ACTIONS = {
    plans.Action.ADDED: Action.ADDED,
    plans.Action.CHANGED: Action.CHANGED,
    plans.Action.REMOVED: Action.REMOVED,
    plans.Action.KEPT: Action.KEPT,
}


class ApplyIn(In):
    """A configuration file (YAML), and how it is to be applied."""

    document: str = Field(max_length=yaml_source.SIZE_LIMIT)
    dry_run: bool = Field(False, description="Tell what would change, and change nothing.")
    prune: bool = Field(False, description="Remove what is not in the file, with its history.")


class FieldOut(Out):
    """One field that differs; values of secrets are not shown."""

    key: str
    old: str
    new: str


class StepOut(Out):
    """What happens to one item; `kept` is in the database and not in the file."""

    action: Action
    kind: str
    label: str
    fields: list[FieldOut]


class AppliedOut(Out):
    """What was changed, or would be."""

    is_dry_run: bool
    steps: list[StepOut]


@operations.acts(
    router,
    "/apply",
    scope="page:write",
    permission="components.change_page",
    gives=AppliedOut,
    has_etag=False,
)
def apply_file(request: ApiRequest, body: ApplyIn) -> AppliedOut:
    """Make the installation what a configuration file says, in one transaction, or not at all.

    For tokens with the scope `*:write` of an Owner, because a file may change everything. Mistakes
    are told all at once, each by its path and line. Secrets of channels can be kept
    (`{stored: true}`), and not be named by variables or files of the server.
    """
    if "*:write" not in request.auth.token.scopes:
        raise NotAllowed("A file may change everything: this token lacks the scope *:write.")
    if not request.auth.user.is_owner:
        raise NotAllowed("Only an Owner's token may apply a file.")
    plan = applying.apply(
        loaded=loading.load(body.document.encode("utf-8", "surrogatepass")),
        now=request.now,
        prunes=body.prune,
        is_dry_run=body.dry_run,
        reads_references=False,
    )
    return AppliedOut(is_dry_run=body.dry_run, steps=[_shown(step) for step in plan.steps])


def _shown(step: plans.Step) -> StepOut:
    return StepOut(
        action=_ACTIONS[step.action],
        kind=step.kind,
        label=step.label,
        fields=[FieldOut(key=each.key, old=each.old, new=each.new) for each in step.fields],
    )
