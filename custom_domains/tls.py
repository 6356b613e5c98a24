"""The certificate that our own proxy shows for a name: a TLS handshake, and nothing after it.

The connection goes to the proxy's configured address, never to where the name leads. The handshake
is also what makes a proxy with on-demand TLS get the certificate, before any visitor comes.
"""

import contextlib
import socket
import ssl
import time
from datetime import datetime

from cryptography import x509

_WITHIN_S = 30.0  # an authority takes a while for a new one


def certificate_until(
    *, name: str, proxy: tuple[str, int], within_s: float = _WITHIN_S
) -> datetime | None:
    """Return until when the certificate for a name is good; None when there is none for this name.

    Who signed it is not judged here: that is the visitor's browser's affair, and an internal
    authority is as good as a public one.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    ends = time.monotonic() + within_s
    with contextlib.suppress(OSError), socket.create_connection(proxy, timeout=within_s) as plain:
        plain.settimeout(max(0.1, ends - time.monotonic()))
        with context.wrap_socket(plain, server_hostname=name) as secured:
            return _until(secured.getpeercert(binary_form=True), name)
    return None


def _until(encoded: bytes | None, name: str) -> datetime | None:
    if encoded is None:
        return None
    certificate = x509.load_der_x509_certificate(encoded)
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None
    certified = {entry.lower() for entry in extension.value.get_values_for_type(x509.DNSName)}
    _first, _dot, parent = name.partition(".")
    return certificate.not_valid_after_utc if {name, f"*.{parent}"} & certified else None
