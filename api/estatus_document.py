"""The eStatus API as OpenAPI says it (AMB-10): what was never published of it is ours, and stands here.

Pure. `tests/api/test_estatus.py` compares its paths and methods with `api.estatus_urls`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.by_hand import CHOICES
from incidents import lifecycle, windows

_TEXT: Mapping[str, Any] = {"type": "string"}
_MOMENT: Mapping[str, Any] = {"type": "string", "format": "date-time"}
_SERVICES: Mapping[str, Any] = {
    "type": "array",
    "items": {"type": "string"},
    "description": "ids or slugs of services",
}
_NOTIFY: Mapping[str, Any] = {
    "type": "boolean",
    "default": True,
    "description": "whether subscribers are told",
}
_STEPS = [step.value for step in windows.State if step is not windows.State.SCHEDULED]


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document, the same on every installation."""
    status = _words([each.value for each in CHOICES])
    state = _words([each.value for each in lifecycle.State])
    impact = _words([each.value for each in lifecycle.Impact])
    report = {"title": _TEXT, "message": _TEXT, "status": state, "impact": impact}
    work = {"title": _TEXT, "message": _TEXT, "starts_at": _MOMENT, "ends_at": _MOMENT}
    said = {"services": _SERVICES, "notify": _NOTIFY}
    put = ["put", "post"]
    changed = {"status": status}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "eStatus API of Candor",
            "version": "1.0.0",
            "description": "The list of services and the change of a status are eStatus's own; "
            "verbs, words, bodies and the other addresses are Candor's.",
        },
        "servers": [{"url": "/admin/api/v1"}],
        "security": [{"token": []}],
        "paths": {
            "/service/services/list/": _path(["get"], "Every service with its status", 200),
            "/service/put/{id}/{status}/": _path(
                put, "Hold a service in a status", 200, places={"id": _TEXT} | changed
            ),
            "/incident/incidents/list/": _path(["get"], "The open incidents, then the latest", 200),
            "/incident/post/": _path(["post"], "Open an incident", 201, body=report | said),
            "/incident/put/{id}/": _path(
                put,
                "Post an update of an incident",
                200,
                places={"id": _TEXT},
                body={"status": state, "message": _TEXT, "notify": _NOTIFY},
            ),
            "/maintenance/list/": _path(["get"], "What is going on or planned", 200),
            "/maintenance/post/": _path(["post"], "Plan a maintenance", 201, body=work | said),
            "/maintenance/put/{id}/": _path(
                put,
                "Take a step of a maintenance, or add a note",
                200,
                places={"id": _TEXT},
                body={"status": _words(_STEPS), "message": _TEXT, "notify": _NOTIFY},
            ),
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization-Token"}
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": _TEXT},
                }
            },
        },
    }


def _words(words: Sequence[str]) -> Mapping[str, Any]:
    return {"type": "string", "enum": list(words)}


def _path(
    methods: Sequence[str],
    summary: str,
    done: int,
    *,
    places: Mapping[str, Mapping[str, Any]] | None = None,
    body: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """A path whose methods all do the same."""
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {str(done): {"description": "Done"}, "default": _REFUSED},
    }
    if places:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": shape}
            for name, shape in places.items()
        ]
    if body:
        shape = {"schema": {"type": "object", "properties": dict(body)}}
        forms = ("application/json", "application/x-www-form-urlencoded")
        operation["requestBody"] = {"content": dict.fromkeys(forms, shape)}
    return dict.fromkeys(methods, operation)


_REFUSED = {
    "description": "Refused, with a sentence that says what to do",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
