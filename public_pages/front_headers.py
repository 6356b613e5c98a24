"""What the front says in the headers of its answers, by the kind of file. Without Django."""

import re
from collections.abc import Iterable

from public_pages import addresses

Headers = list[tuple[str, str]]

# For scripts of every site, also of those that let in only what says so (Cross-Origin-Embedder-Policy).
OPEN = (("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin"))
_FRAME_ANCESTORS = re.compile(r"frame-ancestors [^;]*")


class Policy:
    """How browsers may use an answer.

    Args:
        csp: the Content-Security-Policy of every answer that has no reason for another.
        headers: more headers for every answer.
    """

    def __init__(self, csp: str, headers: Iterable[tuple[str, str]]) -> None:
        shared = [
            ("Content-Security-Policy", csp),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            *headers,
        ]
        # What may not be shown in frames says so twice: old browsers know the second alone.
        self.usual: Headers = [*shared, ("X-Frame-Options", "DENY")]
        self._frames: Headers = [
            (name, _FRAME_ANCESTORS.sub("frame-ancestors *", value)) for name, value in shared
        ]
        replaced = {name for name, _value in addresses.INERT}
        self._uploads: Headers = [
            *(header for header in self.usual if header[0] not in replaced),
            *addresses.INERT,
        ]

    def of(self, kind: addresses.Kind) -> Headers:
        """The headers of every answer of a kind."""
        if kind.is_upload:
            return self._uploads
        return self._frames if kind.is_frame else self.usual


def links(base: str) -> Headers:
    """What there is for programs beside a page (RFC 8631, RFC 9727), as in its head."""
    found = (
        (f"{base}/api/v2/summary.json", "status", "application/json"),
        (f"{base}/openapi.json", "service-desc", "application/vnd.oai.openapi+json"),
        (f"{base}/api", "service-doc", "text/html"),
        (f"{base}/.well-known/api-catalog", "api-catalog", "application/linkset+json"),
    )
    return [("Link", ", ".join(f'<{to}>; rel="{rel}"; type="{kind}"' for to, rel, kind in found))]
