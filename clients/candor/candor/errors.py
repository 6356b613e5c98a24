"""What can go wrong, as exceptions: one for each kind of problem the API tells (RFC 9457)."""

from collections.abc import Mapping, Sequence


class CandorError(Exception):
    """Anything that this client raises; the text is for people."""


class Unreachable(CandorError):
    """No answer came, or none that can be used. Whether something was done is not known."""


class ProblemError(CandorError):
    """The server refused. `status` is HTTP's; `errors` are sentences by field, where fields are wrong."""

    def __init__(
        self, status: int, detail: str, errors: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = dict(errors or {})


class NotAllowed(ProblemError):
    """The token is not valid, lacks a scope, or its owner may not do that (401, 403)."""


class NotFound(ProblemError):
    """There is no such thing (404)."""


class Conflict(ProblemError):
    """What is asked does not fit what is there (409)."""


class Changed(Conflict):
    """Somebody changed it since it was read (412)."""


class Invalid(ProblemError):
    """Something that was sent is wrong (400, 413, 422)."""


class TooManyRequests(ProblemError):
    """The token has had its requests of this minute, also after waiting (429)."""


_KINDS: Mapping[int, type[ProblemError]] = {
    400: Invalid,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    412: Changed,
    413: Invalid,
    422: Invalid,
    429: TooManyRequests,
}


def of(status: int, body: object) -> ProblemError:
    """The exception for an answer with this status and this JSON body."""
    told = body if isinstance(body, dict) else {}
    detail = str(told.get("detail") or told.get("title") or f"The server answered {status}.")
    errors = told.get("errors")
    fields = errors if isinstance(errors, dict) else {}
    return _KINDS.get(status, ProblemError)(status, detail, fields)
