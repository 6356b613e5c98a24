"""Pages of the console with one form each: add, edit and remove services, nodes and replicas."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from common import console
from components import catalogue
from components.models import Component
from monitoring import inventory, remarks, services, views
from monitoring.forms import NewServiceForm, NodeForm, ReplicaForm, ServiceForm
from monitoring.models import Mode, Node, Replica

may_change = views.may_change
get_and_post = require_http_methods(["GET", "HEAD", "POST"])


@get_and_post
@permission_required("components.add_component", raise_exception=True)
def service_add(request: HttpRequest) -> HttpResponse:
    form = NewServiceForm(request.POST or None)
    component = form.carry_out(
        lambda: services.add_service(**form.cleaned_data, now=timezone.now())
    )
    if component is None:
        return _form(request, _("Add service"), form, button=_("Add service"))
    messages.success(request, _("“%(name)s” is on the page.") % {"name": component.name})
    return _to_service(component)


@get_and_post
@permission_required("components.change_component", raise_exception=True)
def service_edit(request: HttpRequest, component_id: int) -> HttpResponse:
    component = get_object_or_404(Component, pk=component_id)
    form = ServiceForm(request.POST or None, initial=ServiceForm.of(component))
    name = component.name
    changed = form.carry_out(lambda: _change_service(component, dict(form.cleaned_data)))
    if changed is None:
        remove = reverse("admin:service_remove", args=[component_id])
        return _form(
            request, _("Edit %(name)s") % {"name": name}, form, button=_("Save"), remove_url=remove
        )
    messages.success(request, _("“%(name)s” is saved.") % {"name": component.name})
    return _to_service(component)


@get_and_post
@permission_required("components.delete_component", raise_exception=True)
def service_remove(request: HttpRequest, component_id: int) -> HttpResponse:
    component = get_object_or_404(Component, pk=component_id)
    if request.method == "POST":
        catalogue.remove_component(component=component)
        messages.success(request, _("“%(name)s” is removed.") % {"name": component.name})
        return redirect("admin:monitors")
    replicas = Replica.objects.filter(node__component=component).count()
    consequences = [
        _("“%(name)s” disappears from the page, with its history since %(since)s.")
        % {"name": component.name, "since": f"{component.created_at:%-d %b %Y}"},
        ngettext(
            "%(count)d replica is no longer checked, and what was measured of it is deleted.",
            "%(count)d replicas are no longer checked, and what was measured of them is deleted.",
            replicas,
        )
        % {"count": replicas}
        if replicas
        else "",
    ]
    return _confirm(
        request,
        _("Remove %(name)s?") % {"name": component.name},
        consequences,
        button=_("Remove service"),
        back=reverse("admin:service_edit", args=[component_id]),
    )


@get_and_post
@permission_required("monitoring.add_node", raise_exception=True)
def node_add(request: HttpRequest, component_id: int) -> HttpResponse:
    component = get_object_or_404(Component, pk=component_id)
    form = NodeForm(request.POST or None, initial=NodeForm.of(Node()))
    node = form.carry_out(
        lambda: services.add_node(component=component, now=timezone.now(), **form.options())
    )
    if node is None:
        title = _("Add node to %(name)s") % {"name": component.name}
        return _node_form(request, title, form, button=_("Add node"), is_manual=component.is_manual)
    if node.mode == Mode.PUSH:
        messages.success(
            request,
            _("“%(name)s” waits for reports. Give it an address, or a token.")
            % {"name": node.name},
        )
        return redirect("admin:node_addresses", node.pk)
    messages.success(request, _("Now add what “%(name)s” watches.") % {"name": node.name})
    return redirect(views.at_node(node.pk))


@get_and_post
@may_change
def node_edit(request: HttpRequest, node_id: int) -> HttpResponse:
    node = get_object_or_404(Node.objects.select_related("component"), pk=node_id)
    form = _form_of(node, request)
    changed = form.carry_out(
        lambda: inventory.change_node(
            node=Node.objects.get(pk=node_id), now=timezone.now(), **_kept_slug(form, node)
        )
    )
    if changed is None:
        return _node_edit_page(request, node, form)
    messages.success(request, _("“%(name)s” is saved.") % {"name": changed.name})
    return redirect(views.at_node(node_id))


@require_POST
@may_change
def node_try(request: HttpRequest, node_id: int) -> HttpResponse:
    """Check an address once with the options as they stand in the form, saving nothing."""
    node = get_object_or_404(Node.objects.select_related("component"), pk=node_id)
    form = _form_of(node, request)
    address = request.POST.get("try_address", "").strip()
    tested = form.carry_out(lambda: _try(node_id, _kept_slug(form, node), address))
    if console.is_htmx(request):
        context = {"tested": tested, "problems": console.all_errors(form)}
        return console.page(request, "admin/monitors.html#result", context)
    return _node_edit_page(request, node, form, tested=tested, address=address)


@get_and_post
@may_change
def node_remove(request: HttpRequest, node_id: int) -> HttpResponse:
    node = get_object_or_404(Node.objects.select_related("component"), pk=node_id)
    if request.method == "POST":
        inventory.remove_node(node=node, now=timezone.now())
        messages.success(request, _("“%(name)s” is removed.") % {"name": node.name})
        return _to_service(node.component)
    replicas = node.replicas.count()
    consequences = [
        ngettext(
            "“%(name)s” goes with its %(count)d replica and everything measured of it.",
            "“%(name)s” goes with its %(count)d replicas and everything measured of them.",
            replicas,
        )
        % {"name": node.name, "count": replicas}
        if replicas
        else _("“%(name)s” has no replicas.") % {"name": node.name},
        _last_voice(node.component, replicas),
    ]
    return _confirm(
        request,
        _("Remove node %(name)s?") % {"name": node.name},
        consequences,
        button=_("Remove node"),
        back=views.at_node(node_id),
    )


@get_and_post
@may_change
def replica_edit(request: HttpRequest, replica_id: int) -> HttpResponse:
    replica = get_object_or_404(Replica.objects.select_related("node"), pk=replica_id)
    form = ReplicaForm(request.POST or None, initial={"address": replica.address})
    changed = form.carry_out(
        lambda: inventory.change_replica(
            replica=Replica.objects.select_related("node").get(pk=replica_id),
            address=form.cleaned_data["address"],
            now=timezone.now(),
        )
    )
    if changed is None:
        return _form(
            request,
            _("Edit replica of %(name)s") % {"name": replica.node.name},
            form,
            button=_("Save"),
            back=views.at_node(replica.node_id),
            remove_url=reverse("admin:replica_remove", args=[replica_id]),
            test_url=reverse("admin:address_test", args=[replica.node_id]),
            move_url=_move_url(replica),
            note=_("Another address is another target: what was measured so far no longer counts."),
        )
    messages.success(request, _("The replica is saved and is being checked."))
    return redirect(views.at_node(replica.node_id))


@get_and_post
@may_change
def replica_remove(request: HttpRequest, replica_id: int) -> HttpResponse:
    replica = get_object_or_404(Replica.objects.select_related("node__component"), pk=replica_id)
    node = replica.node
    if request.method == "POST":
        inventory.remove_replica(replica=replica, now=timezone.now())
        messages.success(request, _("The replica is removed."))
        return redirect(views.at_node(node.pk))
    consequences = [
        _("%(address)s is no longer checked. Everything measured of it is deleted.")
        % {"address": replica.address},
        _last_voice(node.component, 1),
    ]
    return _confirm(
        request,
        _("Remove replica?"),
        consequences,
        button=_("Remove replica"),
        back=views.at_node(node.pk),
    )


def _move_url(replica: Replica) -> str:
    """Where to move a replica, unless it is the only one."""
    if replica.node.replicas.count() < 2:
        return ""
    return reverse("admin:replica_move", args=[replica.pk])


def _change_service(component: Component, fields: dict[str, Any]) -> Component:
    fields["slug"] = fields["slug"] or component.slug
    return services.change_service(component=component, **fields)


def _form_of(node: Node, request: HttpRequest) -> NodeForm:
    initial = NodeForm.of(node)
    return NodeForm(
        request.POST or None, initial=initial, has_headers=bool(node.http_headers_sealed)
    )


def _kept_slug(form: NodeForm, node: Node) -> dict[str, Any]:
    options = form.options()
    return options | {"slug": options["slug"] or node.slug}


def _try(node_id: int, options: dict[str, Any], address: str) -> Any:
    """A check with a node that is changed in memory only."""
    node = Node.objects.get(pk=node_id)
    if (headers := options.pop("http_headers")) is not None:
        node.http_headers = headers
    for name, value in options.items():
        setattr(node, name, value)
    inventory.validate_node(node)
    try:
        return views.test(node=node, address=address)
    except ValidationError as error:
        raise ValidationError(error.messages) from None


def _last_voice(component: Component, going: int) -> str:
    """What it means for the service when no replica is left."""
    if Replica.objects.filter(node__component=component).count() > going:
        return ""
    return _("Nothing else measures “%(name)s”: its status is then only what a person sets.") % {
        "name": component.name
    }


def _to_service(component: Component) -> HttpResponseRedirect:
    return redirect(f"{reverse('admin:monitors')}#service-{component.pk}")


def _node_edit_page(
    request: HttpRequest, node: Node, form: NodeForm, *, tested: Any = None, address: str = ""
) -> HttpResponse:
    first = node.replicas.order_by("position", "pk").first()
    return _node_form(
        request,
        _("Edit node %(name)s") % {"name": node.name},
        form,
        button=_("Save node"),
        back=views.at_node(node.pk),
        remove_url=reverse("admin:node_remove", args=[node.pk]),
        remarks=remarks.of_node(node, list(node.replicas.all())),
        alerts_url=reverse("admin:node_alerts", args=[node.pk]),
        addresses_url=reverse("admin:node_addresses", args=[node.pk])
        if node.mode == Mode.PUSH
        else "",
        try_url=reverse("admin:node_try", args=[node.pk]),
        try_address=address or (first.address if first else ""),
        tested=tested,
    )


def _node_form(request: HttpRequest, title: str, form: NodeForm, **context: Any) -> HttpResponse:
    return _form(request, title, form, template="admin/node_form.html", **context)


def _form(
    request: HttpRequest,
    title: str,
    form: Any,
    *,
    template: str = "admin/service_form.html",
    back: str = "",
    **context: Any,
) -> HttpResponse:
    back = back or reverse("admin:monitors")
    context = {"title": title, "form": form, "back": back, **context}
    return console.page(request, template, context, status=422 if form.errors else 200)


def _confirm(
    request: HttpRequest, title: str, consequences: list[str], *, button: str, back: str
) -> HttpResponse:
    told = [sentence for sentence in consequences if sentence]
    context = {"title": title, "consequences": told, "button": button, "back": back}
    return console.page(request, "admin/confirm.html", context)
