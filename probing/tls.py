"""TLS settings, what a certificate says, and why a handshake failed, in words."""

import functools
import ssl
from datetime import datetime

import certifi
from cryptography import x509

from probing.base import ProbeFailed, Reason

# OpenSSL's X509_V_ERR_* codes that have a better sentence than OpenSSL's own.
_VERIFY_WORDS = {
    9: "The certificate is not valid yet.",
    10: "The certificate has expired.",
    18: "The certificate is self-signed.",
    19: "The certificate's chain ends in an authority this host does not trust.",
    20: "The certificate's issuer is unknown to this host (is the chain complete?).",
    21: "The certificate's issuer is unknown to this host (is the chain complete?).",
    23: "The certificate has been revoked.",
}
_NAME_MISMATCHES = {62, 64}


@functools.cache
def verifying_context() -> ssl.SSLContext:
    """For targets whose certificate must be right. Made once: loading the authorities costs 20 ms.

    Trusts the system's authorities (SSL_CERT_FILE included) and those that come with certifi, so
    that a slim container without any can verify too.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    # On from Python 3.13: refuses private authorities that every browser accepts.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["http/1.1"])
    return context


@functools.cache
def trusting_context() -> ssl.SSLContext:
    """For targets whose certificate the operator chose not to verify."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def expires_at(certificate: bytes | None) -> datetime | None:
    """When a DER certificate expires (UTC); None without one or when it cannot be read."""
    if not certificate:
        return None
    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        return None


def explain(error: ssl.SSLError, name: str) -> ProbeFailed:
    """Why TLS failed, in words: CERTIFICATE_INVALID or TLS_FAILED."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _NAME_MISMATCHES:
            return ProbeFailed(
                Reason.CERTIFICATE_INVALID, f"The certificate is not for the name {name}."
            )
        words = _VERIFY_WORDS.get(error.verify_code)
        return ProbeFailed(
            Reason.CERTIFICATE_INVALID,
            words or f"The certificate is not valid ({error.verify_message}).",
        )
    # Python 3.11.2 says ZeroReturn of an end in the middle of it.
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ProbeFailed(Reason.TLS_FAILED, f"{name} hung up while agreeing on TLS.")
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"}:
        return ProbeFailed(Reason.TLS_FAILED, f"{name} does not speak TLS on this port.")
    cause = (error.reason or "unknown cause").lower().replace("_", " ")
    return ProbeFailed(Reason.TLS_FAILED, f"{name} and this host cannot agree on TLS ({cause}).")
