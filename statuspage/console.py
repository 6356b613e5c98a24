"""The operators' console: Django's admin site in the product's look, with screens of our own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_htmx.http import HttpResponseClientRedirect

from accounts import setting_up
from accounts import urls as account_urls
from accounts.roles import OWN_TOKENS, PROGRESS
from accounts.second_step import NewPasswordForm
from accounts.signing_in import SignIn
from branding import urls as branding_urls
from catalog import urls as catalog_urls
from common import console
from components import catalogue
from custom_domains import urls as domain_urls
from customer_pages import console_urls as customer_screens
from incidents import maintenance_reading, maintenance_urls
from incidents import reading as incident_reading
from incidents import urls as incident_urls
from monitoring import overview
from monitoring import urls as monitoring_urls
from statuspage import pages_urls, views
from subscribers import console_urls as subscriber_screens
from subscribers import operators_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the menu; shown to whoever has the permission."""

    label: Any
    view: str
    permission: str = ""
    icon: str = ""
    also: tuple[str, ...] = ()  # name prefixes of further screens that belong to it
    count: Callable[[], int] | None = None  # how many need a look
    counted: Any = ""
    code: str = ""  # the two letters of its colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A menu entry as one operator sees it on one screen."""

    label: Any
    url: str
    icon: str
    is_here: bool
    count: int
    counted: Any
    code: str


MENU: list[tuple[Any, list[Entry]]] = [
    (
        "",
        [
            Entry(label=_("Dashboard"), view="index", icon="pulse"),
            Entry(
                label=_("Incidents"),
                view="incidents",
                permission="incidents.view_incident",
                icon="look",
                also=("incident", "postmortem"),
                count=incident_reading.count_open,
                counted=_("open"),
                code="pa",
            ),
            Entry(
                label=_("Maintenance"),
                view="maintenance",
                permission="incidents.view_maintenance",
                icon="cal",
                count=maintenance_reading.count_running,
                counted=_("in progress"),
                code="mt",
            ),
            Entry(
                label=_("Templates"),
                view="templates",
                permission="incidents.view_eventtemplate",
                icon="doc",
                also=("template_",),
            ),
        ],
    ),
    (
        _("Monitoring"),
        [
            Entry(
                label=_("Monitored services"),
                view="monitors",
                permission="monitoring.view_node",
                icon="aim",
                also=("service_", "node_", "replica_", "address_"),
                count=overview.count_dead,
                counted=_("dead replicas"),
                code="ma",
            ),
            Entry(
                label=_("Team alerts"),
                view="team_alerts",
                permission="monitoring.change_alertchannel",
                icon="bell",
                also=("channel_", "hook_", "push_"),
            ),
            Entry(
                label=_("Truth watchdog"),
                view="truth",
                permission="monitoring.view_finding",
                icon="look",
                also=("truth_", "draft_policy"),
            ),
            Entry(
                label=_("Alertmanager"),
                view="alertmanager",
                permission="monitoring.change_alertrule",
                icon="bell",
                also=("alert_rule_",),
            ),
            Entry(
                label=_("Health changes"),
                view="monitoring_healthchange_changelist",
                permission="monitoring.view_healthchange",
                icon="clock",
            ),
        ],
    ),
    (
        _("Audience"),
        [
            Entry(
                label=_("Subscribers"),
                view="subscribers",
                permission="subscribers.view_subscriber",
                icon="mail",
                also=("subscriber", "suppression"),
                count=operators_list.count_active,
                counted=_("active"),
            ),
            Entry(
                label=_("Ways to subscribe"),
                view="ways",
                permission="subscribers.change_waysettings",
                icon="doc",
                also=("ways_",),
            ),
            Entry(
                label=_("Customer pages"),
                view="customer_pages",
                permission="customer_pages.view_customersession",
                icon="people",
                also=("customer_page",),
            ),
            Entry(
                label=_("Catalog"),
                view="catalog",
                permission="catalog.view_entry",
                icon="folder",
                also=("catalog_",),
            ),
        ],
    ),
    (
        _("Page"),
        [
            Entry(
                label=_("Pages"),
                view="pages",
                permission="components.view_page",
                icon="doc",
                also=("page_",),
            ),
            Entry(
                label=_("Custom domains"),
                view="domains",
                permission="components.view_pagehost",
                icon="aim",
                also=("domain",),
            ),
            Entry(
                label=_("Announcements"),
                view="announcements",
                permission="incidents.view_announcement",
                icon="horn",
                also=("announcement_",),
            ),
            Entry(
                label=_("Branding"),
                view="branding",
                permission="branding.change_brand",
                icon="look",
            ),
            Entry(
                label=_("Components"),
                view="components_component_changelist",
                permission="components.view_component",
                icon="list",
                also=("components_component_",),
            ),
            Entry(
                label=_("Groups"),
                view="components_componentgroup_changelist",
                permission="components.view_componentgroup",
                icon="folder",
                also=("components_componentgroup_",),
            ),
            Entry(
                label=_("Status history"),
                view="components_statuschange_changelist",
                permission="components.view_statuschange",
                icon="clock",
            ),
        ],
    ),
    (
        _("System"),
        [
            Entry(
                label=_("Settings"),
                view="settings",
                permission="components.change_page",
                icon="list",
            ),
            Entry(
                label=_("Integrations"),
                view="integrations",
                permission="subscribers.change_integration",
                icon="aim",
                also=("integration_",),
            ),
            Entry(
                label=_("Messages"),
                view="messages",
                permission=PROGRESS,
                icon="mail",
            ),
            Entry(
                label=_("Deliveries"),
                view="notifications_delivery_changelist",
                permission="notifications.view_delivery",
                icon="mail",
                also=("notifications_delivery_",),
            ),
            Entry(
                label=_("Tokens"),
                view="tokens",
                permission="monitoring.add_token",
                icon="doc",
                also=("token_",),
            ),
            Entry(
                label=_("API tokens"),
                view="api_tokens",
                permission=OWN_TOKENS,
                icon="doc",
                also=("api_token_",),
            ),
            Entry(
                label=_("Team"),
                view="members",
                permission="accounts.view_user",
                icon="people",
                also=("member_", "invitation_"),
            ),
            Entry(
                label=_("Audit log"),
                view="accounts_auditentry_changelist",
                permission="accounts.view_auditentry",
                icon="doc",
            ),
        ],
    ),
]


class ConsoleSite(admin.AdminSite):
    site_title = _("Status console")
    site_header = _("Status console")
    login_template = "admin/console_login.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # One row at a time, on a page that says what is lost.
        self.disable_action("delete_selected")

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
            ("statuses/", views.statuses, "statuses"),
            ("statuses/<int:component_id>/", views.status, "status"),
            *account_urls.console,
            *monitoring_urls.console,
            *incident_urls.console,
            *branding_urls.console,
            *catalog_urls.console,
            *maintenance_urls.console,
            *subscriber_screens.console,
            *pages_urls.console,
            *customer_screens.console,
            *domain_urls.console,
        ]
        screens = [path(route, self.admin_view(view), name=name) for route, view, name in own]
        return [*screens, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        return views.index(request)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> TemplateResponse:
        """There is no page for an app: apps are our word, not the operator's."""
        raise Http404

    @method_decorator([never_cache, sensitive_post_parameters("password")])
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if console.is_htmx(request):
            # The session ended while a page was open: the login page must not land inside it.
            here = getattr(request, "htmx").current_url_abs_path or reverse("admin:index")  # noqa: B009
            query = urlencode({"next": here})
            return HttpResponseClientRedirect(f"{reverse('admin:login')}?{query}")
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {
            **self.each_context(request),
            "title": _("Sign in"),
            "is_set_up_open": setting_up.is_open(),
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            **(extra_context or {}),
        }
        view: Callable[[HttpRequest], Any] = SignIn.as_view(
            template_name=self.login_template, extra_context=context, next_page="admin:index"
        )
        answer: HttpResponse = view(request)
        return answer

    def password_change(  # type: ignore[override]  # which redirects when it is done, too
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """Django's page, with a limit on guessing the old password."""
        view: Callable[[HttpRequest], Any] = PasswordChangeView.as_view(
            form_class=NewPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        answer: HttpResponse = view(request)
        return answer

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Nothing: the menu is ours, and asking each model costs every screen some milliseconds."""
        return []

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        page = catalogue.page()
        context["page_name"] = page.name
        if context["has_permission"]:
            context["menu"] = list(_menu(request))
            context["asks_set_up"] = page.set_up_at is None
        return context


def _menu(request: HttpRequest) -> Iterable[tuple[Any, list[Link]]]:
    here = request.resolver_match.view_name.partition(":")[2] if request.resolver_match else ""
    for heading, entries in MENU:
        links = [link for entry in entries if (link := _link(entry, request, here)) is not None]
        if links:
            yield heading, links


def _link(entry: Entry, request: HttpRequest, here: str) -> Link | None:
    """The entry as a link; None without the permission or while the screen does not exist."""
    if entry.permission and not request.user.has_perm(entry.permission):
        return None
    if (url := console.address_of(f"admin:{entry.view}")) is None:
        return None
    return Link(
        label=entry.label,
        url=url,
        icon=entry.icon,
        is_here=here.startswith((entry.view, *entry.also)),
        count=entry.count() if entry.count else 0,
        counted=entry.counted,
        code=entry.code,
    )
