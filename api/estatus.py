"""The REST API of eStatus: services and their status, and beside it incidents and maintenance (P1-P6).

`/admin/api/v1/service/services/list/` and `/admin/api/v1/service/put/{id}/{status}/` are eStatus's
own; verbs, status words, bodies and the other addresses are ours, because none were published
(AMB-10, interop 4). Every path wants the header `Authorization-Token`, and takes no cookie.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.access_tokens import NotAllowed, TooMany
from api import estatus_document
from api.estatus_tokens import By, Need, by_token
from common import moments, request_bodies
from common.request_bodies import BodyInvalid
from components.models import Component
from components.status import Status
from incidents import maintenance, publishing, status_telling
from incidents.holding import IncidentGone
from incidents.lifecycle import Impact, State, TransitionNotAllowed
from incidents.maintenance import MaintenanceGone
from incidents.maintenance_plans import Plan, under_maintenance
from incidents.models import Incident, Maintenance
from incidents.publishing import Report
from incidents.windows import State as Step
from incidents.windows import StepNotAllowed

Operation = Callable[..., HttpResponse]

_FOLD = re.compile(r"[\s_-]+")
# By the folded word; the short ones are what people type.
_STATUSES: Mapping[str, Status] = {
    "operational": Status.OPERATIONAL,
    "degraded": Status.DEGRADED_PERFORMANCE,
    "degraded performance": Status.DEGRADED_PERFORMANCE,
    "partial outage": Status.PARTIAL_OUTAGE,
    "major outage": Status.MAJOR_OUTAGE,
    "maintenance": Status.UNDER_MAINTENANCE,
    "under maintenance": Status.UNDER_MAINTENANCE,
}
_STEP_WORDS = {"complete": "completed", "verifying": "verification", "canceled": "cancelled"}
_LISTED = 100
# Of one event; each costs rows, so a body may not name as many as fit into it.
_MOST_SERVICES = 1000


class Refused(Exception):
    """A request that cannot be done; the text says what to do."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.status = status


def route(need: Need, **operations: Operation) -> Callable[..., HttpResponse]:
    """A view that knows these methods, for who shows a token that may do what they need."""

    @csrf_exempt
    @never_cache
    def view(request: HttpRequest, **captured: Any) -> HttpResponse:
        now = timezone.now()
        try:
            by = by_token(request, need=need, now=now)
        except NotAllowed as refused:
            return _error(str(refused), HTTPStatus.FORBIDDEN)
        except TooMany as refused:
            return _too_many(refused.retry_after_s)
        if by is None:
            sentence = "Send a valid token in the header Authorization-Token."
            return _error(sentence, HTTPStatus.UNAUTHORIZED)
        operation = operations.get("GET" if request.method == "HEAD" else request.method or "")
        if operation is None:
            answer = _error("Use another method here.", HTTPStatus.METHOD_NOT_ALLOWED)
            answer.headers["Allow"] = ", ".join(sorted(operations))
            return answer
        return _carried_out(lambda: operation(request, by=by, now=now, **captured))

    return view


def _carried_out(operation: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of an operation, or what is wrong in a sentence."""
    try:
        return operation()
    except Refused as refused:
        return _error(str(refused), refused.status)
    except ValidationError as error:
        return _error(" ".join(error.messages), HTTPStatus.BAD_REQUEST)
    except (TransitionNotAllowed, StepNotAllowed) as error:
        return _error(str(error), HTTPStatus.CONFLICT)
    except (IncidentGone, MaintenanceGone):
        return _error("There is no such event.", HTTPStatus.NOT_FOUND)
    except BodyInvalid as invalid:
        return _error(str(invalid), invalid.status)


def list_services(_request: HttpRequest, *, by: By, now: datetime) -> HttpResponse:
    """Every service with its status."""
    del by, now
    rows = Component.objects.in_page_order().select_related("group")
    return JsonResponse([_service(row) for row in rows], safe=False)


def set_status(
    request: HttpRequest, *, by: By, now: datetime, ident: str, status: str
) -> HttpResponse:
    """Hold a service in a status, as on the dashboard; an unknown status leaves all as it is."""
    if request.method in {"GET", "HEAD"} and not settings.ESTATUS_GET_CHANGES:
        answer = _error("Use PUT or POST: a GET changes nothing.", HTTPStatus.METHOD_NOT_ALLOWED)
        answer.headers["Allow"] = "POST, PUT"
        return answer
    component = _component(ident)
    held = _STATUSES.get(_FOLD.sub(" ", status).strip().lower())
    if held is None:
        raise Refused(
            f"“{status}” is no status. Use operational, degraded, partial_outage, major_outage or "
            "maintenance."
        )
    status_telling.choose(choices={component.pk: held}, now=now, by=by.name)
    component.refresh_from_db()
    return JsonResponse(_service(component))


def list_incidents(_request: HttpRequest, *, by: By, now: datetime) -> HttpResponse:
    """The open incidents, then the latest that are over."""
    del by, now
    rows = [*Incident.objects.open(), *Incident.objects.past()[:_LISTED]]
    return JsonResponse([_incident(row) for row in rows], safe=False)


def add_incident(request: HttpRequest, *, by: By, now: datetime) -> HttpResponse:
    """Open an incident: title, status, impact, message, services, notify."""
    body = _body(request)
    report = Report(
        title=_text(body, "title", is_required=True),
        state=_word(State, body.get("status") or State.INVESTIGATING, "status"),
        impact=_word(Impact, body.get("impact") or Impact.NONE, "impact"),
        text=_text(body, "message"),
        components=dict.fromkeys(_component_ids(body)),
    )
    row = publishing.open_incident(
        report=report,
        notify=_flag(body, "notify"),
        now=now,
        author=by.user,
        author_name=by.name,
        origin="api",
    )
    return JsonResponse(_incident(row), status=HTTPStatus.CREATED)


def update_incident(request: HttpRequest, *, by: By, now: datetime, ident: str) -> HttpResponse:
    """Post an update: status, message, notify."""
    row = Incident.objects.public().filter(public_id=ident).first()
    if row is None:
        raise Refused("There is no such incident.", HTTPStatus.NOT_FOUND)
    body = _body(request)
    publishing.post_update(
        incident=row,
        state=_word(State, body.get("status") or row.state, "status"),
        text=_text(body, "message", is_required=True),
        notify=_flag(body, "notify"),
        now=now,
        author=by.user,
        author_name=by.name,
    )
    row.refresh_from_db()
    return JsonResponse(_incident(row))


def list_maintenance(_request: HttpRequest, *, by: By, now: datetime) -> HttpResponse:
    """What is going on or planned, then the latest that is over."""
    del by, now
    every = Maintenance.objects.public()
    rows = [*every.running(), *every.scheduled(), *every.past()[:_LISTED]]
    return JsonResponse([_work(row) for row in rows], safe=False)


def add_maintenance(request: HttpRequest, *, by: By, now: datetime) -> HttpResponse:
    """Plan a maintenance: title, message, starts_at, ends_at (ISO 8601 with zone), services, notify."""
    body = _body(request)
    starts_at, ends_at = _time(body, "starts_at"), _time(body, "ends_at")
    if ends_at - starts_at < timedelta(minutes=1):
        raise Refused("ends_at has to be later than starts_at, by a minute at least.")
    row = maintenance.schedule(
        plan=Plan(
            title=_text(body, "title", is_required=True),
            text=_text(body, "message"),
            wall_start=starts_at.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0),
            duration=ends_at - starts_at,
            components=under_maintenance(_component_ids(body)),
        ),
        notify=_flag(body, "notify"),
        now=now,
        author=by.user,
        author_name=by.name,
        origin="api",
    )
    return JsonResponse(_work(row), status=HTTPStatus.CREATED)


def update_maintenance(request: HttpRequest, *, by: By, now: datetime, ident: str) -> HttpResponse:
    """Take a step, or add a note: status, message, notify; eStatus's words for the steps are known."""
    row = Maintenance.objects.public().filter(public_id=ident).first()
    if row is None:
        raise Refused("There is no such maintenance.", HTTPStatus.NOT_FOUND)
    body = _body(request)
    maintenance.post_update(
        maintenance=row,
        state=_step(body.get("status") or row.state),
        text=_text(body, "message"),
        notify=_flag(body, "notify"),
        now=now,
        author=by.user,
        author_name=by.name,
    )
    row.refresh_from_db()
    return JsonResponse(_work(row))


@require_safe
@cache_control(public=True, max_age=300)
def openapi(_request: HttpRequest) -> HttpResponse:
    """This API as OpenAPI says it; of the version, not of this installation, so it is public."""
    return JsonResponse(estatus_document.document())


# ---- what is said ------------------------------------------------------------------------------


def _service(row: Component) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "name": row.name,
        "status": row.shown_status.value,
        "description": row.description,
        "group": row.group.name if row.group else None,
    }


def _incident(row: Incident) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "title": row.title,
        "status": row.state,
        "impact": row.impact,
        "started_at": row.started_at.isoformat(),
        "resolved_at": row.resolved_at.isoformat() if row.resolved_at else None,
        "services": list(row.affected.values_list("component__public_id", flat=True)),
    }


def _work(row: Maintenance) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "title": row.title,
        "status": row.state,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "services": list(row.affected.values_list("component__public_id", flat=True)),
    }


def _error(sentence: str, status: HTTPStatus) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=status)


def _too_many(wait_s: int) -> HttpResponse:
    sentence = f"This token has had its requests of this minute. Go on in {wait_s} s."
    answer = _error(sentence, HTTPStatus.TOO_MANY_REQUESTS)
    answer.headers["Retry-After"] = str(wait_s)
    return answer


# ---- what is asked -----------------------------------------------------------------------------


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object, or the fields of a form."""
    return request_bodies.document(request, lists=["services"])


def _text(body: Mapping[str, Any], name: str, *, is_required: bool = False) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise Refused(f"{name} has to be text.")
    if is_required and not value.strip():
        raise Refused(f"{name} is required.")
    return value


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, True)
    if isinstance(value, list | dict):
        raise Refused(f"{name} has to be true or false.")
    return value not in {False, "false", "0", "no", "off"}


def _word(kind: Any, value: object, name: str) -> Any:
    try:
        return kind(str(value).strip().lower())
    except ValueError:
        words = ", ".join(member.value for member in kind)
        raise Refused(f"{name} has to be one of: {words}.") from None


def _step(value: object) -> Step:
    """A step by our word or by eStatus's: Scheduled, In Progress, Verification, Complete."""
    word = _FOLD.sub("_", str(value).strip().lower())
    return cast("Step", _word(Step, _STEP_WORDS.get(word, word), "status"))


def _time(body: Mapping[str, Any], name: str) -> datetime:
    try:
        at = datetime.fromisoformat(_text(body, name, is_required=True).strip())
    except ValueError:
        raise Refused(f"{name} has to be a time like 2026-11-24T02:00:00+00:00.") from None
    if at.tzinfo is None:
        raise Refused(f"{name} needs a time zone, like 2026-11-24T02:00:00+00:00.")
    try:
        return moments.sane(at)
    except ValueError as error:
        raise Refused(f"{name} {error}.") from None


def _component(ident: str) -> Component:
    found = Component.objects.filter(public_id=ident).first()
    if found is None:
        found = Component.objects.filter(slug=ident).first()
    if found is None:
        raise Refused("There is no such service.", HTTPStatus.NOT_FOUND)
    return found


def _component_ids(body: Mapping[str, Any]) -> list[int]:
    value = body.get("services") or []
    if isinstance(value, str):
        value = [part for part in re.split(r"[\s,]+", value) if part]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refused("services has to be a list of ids.")
    wanted = list(dict.fromkeys(value))
    if len(wanted) > _MOST_SERVICES:
        raise Refused(f"services may name {_MOST_SERVICES} at most.")
    rows = Component.objects.filter(Q(public_id__in=wanted) | Q(slug__in=wanted))
    named = list(rows.values_list("public_id", "slug", "pk"))
    # As one alone is looked up: an id goes before the slug of another one.
    by_name = {slug: pk for _, slug, pk in named} | {ident: pk for ident, _, pk in named}
    if any(one not in by_name for one in wanted):
        raise Refused("There is no such service.", HTTPStatus.NOT_FOUND)
    return [by_name[one] for one in wanted]
