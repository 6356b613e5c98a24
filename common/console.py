"""What every part of the operators' console derives from: admin classes and forms.

Each app's `admin.py`, `forms.py` and `views.py` builds on these, so that all screens share one set
of accessible controls (stock Django admin leaves axe violations behind: design 7.1).
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms.boundfield import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=models.Model)
Result = TypeVar("Result")

if TYPE_CHECKING:

    class _ModelAdmin(admin.ModelAdmin[Row]): ...

else:

    class _ModelAdmin(admin.ModelAdmin):
        def __class_getitem__(cls, _row: Any) -> type:  # generic for the type checker only
            return cls


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    """One of our own screens, with the menu and the header of the console."""
    context = admin.site.each_context(request) | context
    return TemplateResponse(request, template, context, status=status)


def address_of(view: str) -> str | None:
    """Where a screen is; None while it does not exist."""
    try:
        return _address(view, get_script_prefix())
    except NoReverseMatch:
        return None


@cache
def _address(view: str, _prefix: str) -> str:
    """Kept, because each screen of the console has the whole menu."""
    return reverse(view)


def is_htmx(request: HttpRequest) -> bool:
    """Whether a piece of the page is asked for, not a whole one."""
    return bool(getattr(request, "htmx", False))


def all_errors(form: forms.BaseForm) -> list[str]:
    """Everything that is wrong with a form, each with the name of its field when it has several."""
    several = len(form.fields) > 1
    return [
        f"{form.fields[name].label}: {message}" if several and name in form.fields else str(message)
        for name, messages in form.errors.items()
        for message in messages
    ]


def badge(code: str, word: str) -> SafeString:
    """A status or health as icon and word; `code` is op, de, pa, ma, mt or un."""
    return format_html(
        '<span class="st" data-s="{0}"><svg class="ico" data-s="{0}" aria-hidden="true">'
        '<use href="#i-{0}"/></svg>{1}</span>',
        code,
        word,
    )


def moment(at: datetime | None) -> str:
    """A time in a list: 2026-11-19 14:32:05, in the zone that the footer names."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""


class LocalDateTime(forms.DateTimeInput):
    """One native control in the place of Django's unlabelled pair of date and time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class ConsoleAdmin(_ModelAdmin[Row]):
    """Base of every ModelAdmin: its list, forms and pages have no axe violations."""

    formfield_overrides: ClassVar[dict[Any, Any]] = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": LocalDateTime},
        models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple},
    }
    list_per_page = 50

    def consequence(self, obj: Row) -> str:
        """What deleting this row does, in words; shown on the page that asks."""
        return ""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Nothing is listed: a history has thousands of rows, and `consequence` says it in words."""
        return [], {}, set(), []

    def log_addition(self, request: HttpRequest, obj: Row, message: Any) -> Any:
        """Nothing: the audit log hears of the write itself, with before and after."""

    def log_change(self, request: HttpRequest, obj: Row, message: Any) -> Any:
        """Nothing, as for an addition."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Nothing, as for an addition."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit log of this row; who may read that one is asked there."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        kind = ContentType.objects.get_for_model(self.model)
        row = {"content_type__id__exact": str(kind.pk), "object_pk": str(unquote(object_id))}
        query = urlencode(row)
        return redirect(f"{reverse('admin:accounts_auditentry_changelist')}?{query}")

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        context = {"consequence": self.consequence(row) if row else ""} | (extra_context or {})
        return super().delete_view(request, object_id, context)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Plain selects, without the pop-up windows of the stock admin."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Give each control of an editable list the name of its column and row."""
        return _labelled(super().get_changelist_form(request, **kwargs))


class ReadOnlyAdmin(ConsoleAdmin[Row]):
    """A history: to be looked at, never written."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


def _labelled(form_class: Any) -> Any:
    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        form_class.__init__(self, *args, **kwargs)
        for field in self.fields.values():
            if not field.widget.is_hidden:
                label = str(field.label or "")
                if self.instance.pk:
                    label = f"{label}: {self.instance}"
                field.widget.attrs.setdefault("aria-label", label)

    return type("Labelled", (form_class,), {"__init__": start})


class ConsoleField(BoundField):
    """A field that takes the focus when it is the first wrong one."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        if self.form.is_bound and self.name == _first_wrong(self.form):
            attrs["autofocus"] = True
        return attrs

    @property
    def is_tick(self) -> bool:
        """A single check box, drawn in front of its label."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def is_group(self) -> bool:
        """Several controls under one legend."""
        return bool(self.field.widget.use_fieldset)


class ConsoleForm(forms.Form):
    """Base of the forms on our own screens; drawn with `admin/_field.html`."""

    bound_field_class = ConsoleField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def carry_out(self, operation: Callable[[], Result]) -> Result | None:
        """Call an operation if the form is valid; None, and the errors shown, when it was refused."""
        if not self.is_valid():
            return None
        try:
            return operation()
        except forms.ValidationError as error:
            self.take_errors(error)
            return None

    def take_errors(self, errors: forms.ValidationError) -> None:
        """Show what an operation refused: by field where the form has the field, above it else."""
        if not hasattr(errors, "error_dict"):
            self.add_error(None, errors)
            return
        for name, messages in errors.message_dict.items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)


def _first_wrong(form: forms.BaseForm) -> str | None:
    return next((name for name in form.fields if name in form.errors), None)


class SlugField(forms.SlugField):
    """Part of an address, with a message that says which characters may be used."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Use letters, digits, - and _ only, as in landing-page.")
    }
