"""The console's screen of a node's own addresses, and of what the jobs that ping them printed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from common import console
from common.console import ConsoleForm
from monitoring import own_addresses, tokens, views
from monitoring.models import Mode, Node, Ping, Token, TokenKind

may_look = permission_required("monitoring.view_ping", raise_exception=True)
may_make = "monitoring.add_token"
_SHOWN = 20


class TimingForm(ConsoleForm):
    """How often a job pings."""

    ping_every_s = forms.IntegerField(
        label=gettext_lazy("A ping every, seconds"),
        min_value=60,
        max_value=31_536_000,
        help_text=gettext_lazy("86400 is a day."),
    )
    grace_s = forms.FloatField(
        label=gettext_lazy("Grace, seconds"),
        min_value=1,
        max_value=604_800,
        help_text=gettext_lazy("How late it may be, and how long a run that started may take."),
    )

    @classmethod
    def of(cls, node: Node) -> dict[str, Any]:
        every_s = node.ping_every_s or tokens.PING_EVERY_S
        return {"ping_every_s": every_s, "grace_s": f"{node.ping_grace_s:g}"}


class AddressForm(ConsoleForm):
    """Who calls, and the address they have already, if they have one."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Watch by"),
        choices=[
            (TokenKind.PUSH_URL, gettext_lazy("a push URL, as of Uptime Kuma")),
            (TokenKind.PING, gettext_lazy("pings of a cron job")),
            (TokenKind.EXTERNAL_ENDPOINT, gettext_lazy("an external endpoint, as of Gatus")),
        ],
    )
    key = forms.CharField(
        label=gettext_lazy("Key, of an external endpoint"),
        max_length=tokens.LONGEST_ADOPTED,
        required=False,
        help_text=gettext_lazy("As group_name. Leave it empty for the others."),
    )
    secret = forms.CharField(
        label=gettext_lazy("Secret that callers have already"),
        max_length=tokens.LONGEST_ADOPTED,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "The last part of a push or ping URL, or the token of an endpoint. Empty: make a new one."
        ),
    )
    label = forms.CharField(label=gettext_lazy("Used by"), max_length=100, required=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@may_look
def node_addresses(request: HttpRequest, node_id: int) -> HttpResponse:
    """The addresses of a node; after a post also the new one, shown this once."""
    node = get_object_or_404(Node.objects.select_related("component"), pk=node_id)
    if request.method == "POST" and not request.user.has_perm(may_make):
        raise PermissionDenied
    form = AddressForm(request.POST or None)
    made = form.carry_out(lambda: _open(node, form.cleaned_data))
    if made is not None:
        form = AddressForm()
        node.refresh_from_db()
    return _screen(request, node, form=form, made=made)


@require_POST
@permission_required("monitoring.change_node", raise_exception=True)
def node_timing(request: HttpRequest, node_id: int) -> HttpResponse:
    """Change how often a job pings."""
    node = get_object_or_404(Node.objects.select_related("component"), pk=node_id)
    form = TimingForm(request.POST)
    saved = form.carry_out(
        lambda: own_addresses.set_timing(
            node=Node.objects.get(pk=node_id), now=timezone.now(), **form.cleaned_data
        )
    )
    if saved is None:
        return _screen(request, node, timing=form)
    messages.success(request, _("Saved. It counts from the next ping."))
    return redirect("admin:node_addresses", node_id)


def _open(node: Node, fields: dict[str, Any]) -> own_addresses.Opened:
    return own_addresses.open_address(
        node=node,
        kind=TokenKind(fields["kind"]),
        secret=fields["secret"].strip(),
        key=fields["key"],
        label=fields["label"],
        now=timezone.now(),
    )


def _screen(
    request: HttpRequest,
    node: Node,
    *,
    form: AddressForm | None = None,
    timing: TimingForm | None = None,
    made: own_addresses.Opened | None = None,
) -> HttpResponse:
    kinds = [kind for kind in TokenKind if kind.is_of_one_node]
    rows = Token.objects.filter(node=node, kind__in=kinds).order_by("revoked_at", "-id")
    context = {
        "title": _("Addresses of %(name)s") % {"name": node.name},
        "node": node,
        "is_push": node.mode == Mode.PUSH,
        "form": form or AddressForm(),
        "timing": timing
        or (TimingForm(initial=TimingForm.of(node)) if node.ping_every_s else None),
        "address": request.build_absolute_uri(made.path) if made else "",
        "bearer": made.bearer if made else "",
        "tokens": rows if request.user.has_perm(may_make) else [],
        "pings": Ping.objects.filter(node=node).order_by("-at", "-id")[:_SHOWN],
        "back": views.at_node(node.pk),
        "now": timezone.now(),
    }
    is_wrong = bool((form and form.errors) or (timing and timing.errors))
    return console.page(
        request, "admin/node_addresses.html", context, status=422 if is_wrong else 200
    )
