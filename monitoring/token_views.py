"""The console's "Tokens" screen: make, list and revoke what programs identify themselves with."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from common import console
from common.console import ConsoleForm
from monitoring import tokens
from monitoring.models import Location, Mode, Node, Token, TokenKind

may_change = permission_required("monitoring.add_token", raise_exception=True)


class _NodeField(forms.ModelChoiceField):  # type: ignore[type-arg] # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.component.slug}/{obj.slug}"


class TokenForm(ConsoleForm):
    """What a new token is for."""

    kind = forms.ChoiceField(label=gettext_lazy("For a"), choices=TokenKind.choices)
    node = _NodeField(
        label=gettext_lazy("Only for the node"),
        queryset=Node.objects.exclude(mode=Mode.POLL)
        .select_related("component")
        .order_by("component__slug", "slug"),
        required=False,
        empty_label=gettext_lazy("Every node of the page"),
    )
    location = forms.ModelChoiceField(
        label=gettext_lazy("Only from the location"),
        queryset=Location.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("No location"),
    )
    key = forms.CharField(
        label=gettext_lazy("Key of the external endpoint"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("As group_name; for endpoints of Gatus alone."),
    )
    label = forms.CharField(label=gettext_lazy("Used by"), max_length=100, required=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@may_change
def token_list(request: HttpRequest) -> HttpResponse:
    """The tokens; after a post also the text of the new one, shown this once."""
    form = TokenForm(request.POST or None)
    made = form.carry_out(lambda: _create(form.cleaned_data))
    if made is not None:
        form = TokenForm()
    rows = Token.objects.select_related("node__component", "location")
    context = {
        "title": _("Tokens"),
        "form": form,
        "secret": made[1] if made else "",
        "tokens": rows.order_by("revoked_at", "-id"),
    }
    return console.page(request, "admin/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@may_change
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(Token, pk=token_id)
    tokens.revoke(token=token, now=timezone.now())
    messages.success(request, _("“%(name)s” is refused from now on.") % {"name": token})
    return redirect("admin:tokens")


def _create(fields: dict[str, Any]) -> tuple[Token, str]:
    return tokens.create(
        kind=TokenKind(fields["kind"]),
        node=fields["node"],
        location=fields["location"],
        label=fields["label"],
        key=fields["key"],
        now=timezone.now(),
    )
