"""The API as a whole: its routers, its errors, its OpenAPI document."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from ninja.openapi.schema import OpenAPISchema

from management_api import (
    announcements,
    applying,
    catalog,
    catalog_entries,
    channels,
    components,
    customer_pages,
    deliveries,
    event_errors,
    examples,
    forecasts,
    groups,
    incident_updates,
    incidents,
    maintenance_updates,
    maintenances,
    nodes,
    pages,
    postmortems,
    problems,
    replicas,
    statements,
    subscribers,
    suppressions,
    templates,
    uptime,
)

_PROBLEM = "#/components/schemas/Problem"

api = NinjaAPI(
    title="Candor management API",
    version="1.0.0",
    description=(
        "The operations of the console for programs. Every request carries an access token; errors "
        "are problem details (RFC 9457); lists come in pages by cursor; changes take `If-Match`, "
        "creating requests an `Idempotency-Key`."
    ),
    urls_namespace="management_api",
    docs=Swagger(settings={"persistAuthorization": False, "tryItOutEnabled": False}),
    docs_url=None,
    openapi_url=None,
)
problems.register(api)
event_errors.register(api)
for each in (
    pages,
    components,
    groups,
    nodes,
    replicas,
    uptime,
    subscribers,
    suppressions,
    catalog,
    catalog_entries,
    customer_pages,
    channels,
    deliveries,
    statements,
    incidents,
    incident_updates,
    maintenances,
    maintenance_updates,
    forecasts,
    templates,
    postmortems,
    announcements,
    applying,
):
    api.add_router("", each.router)


def document() -> dict[str, Any]:
    """The OpenAPI document, the same on every installation: no host names, no settings."""
    found: OpenAPISchema = api.get_openapi_schema(path_prefix="/api/manage/v1/")
    document = dict(found)
    for path in document["paths"].values():
        for operation in path.values():
            if operation.get("description") == operation["summary"]:
                del operation["description"]
            for response in operation["responses"].values():
                _tell_media_type(response)
            for parameter in operation.get("parameters", []):
                # There they would have to be named; their schema has them as well.
                parameter.pop("examples", None)
            examples.put_into(operation)
    return document


def _tell_media_type(response: dict[str, Any]) -> None:
    """Problems are `application/problem+json`, which ninja has one media type for all."""
    content = response.get("content", {})
    shape = content.get("application/json", {}).get("schema", {})
    if shape.get("$ref") == _PROBLEM:
        content[problems.MEDIA_TYPE] = content.pop("application/json")
