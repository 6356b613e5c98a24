"""Which text is an e-mail address that we send to.

Pure and stricter than the standards: whatever passes is, letter for letter, what the mail server
is given as the recipient. Source: reliability B6 and appendix A.
"""

import re

_LOCAL_MAX = 64
_ADDRESS_MAX = 254
_DOMAIN_MAX = 253
# Quotes, "%", "!" and "=?" are missing on purpose: mail servers read routes and encodings there.
_LOCAL = re.compile(r"[A-Za-z0-9_+'&=~#-]+(\.[A-Za-z0-9_+'&=~#-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class AddressInvalid(ValueError):
    """The text is no e-mail address that we send to; says what is wrong with it."""


def check_address(text: str, *, allow_single_label: bool = False) -> str:
    """The address with its domain in lower case; store, compare and send to this and nothing else.

    `allow_single_label` accepts `ops@localhost` and `ops@intranet`, for operators only.

    Raises:
        AddressInvalid: a clear sentence about the first thing that is wrong.
    """
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise AddressInvalid(f"“{_quoted(text)}” is not an e-mail address. Write name@example.com.")
    if len(text) > _ADDRESS_MAX:
        raise AddressInvalid(f"The e-mail address is longer than {_ADDRESS_MAX} characters.")
    if len(local) > _LOCAL_MAX:
        raise AddressInvalid(f"The part before the @ is longer than {_LOCAL_MAX} characters.")
    if not _LOCAL.fullmatch(local):
        raise AddressInvalid(
            f"“{_quoted(text)}”: before the @ there may be letters, digits and . _ + - ' & = ~ # only."
        )
    return f"{local}@{_checked_domain(domain, allow_single_label=allow_single_label)}"


def _checked_domain(domain: str, *, allow_single_label: bool) -> str:
    if not domain.isascii():
        raise AddressInvalid(
            f"Write the domain “{_quoted(domain)}” in its ASCII form, which begins with xn--."
        )
    domain = domain.lower()
    labels = domain.split(".")
    if len(domain) > _DOMAIN_MAX or not all(_is_label(label) for label in labels):
        raise AddressInvalid(f"“{_quoted(domain)}” is not a domain name.")
    if labels[-1].isdigit():
        raise AddressInvalid(f"“{_quoted(domain)}” is an IP address; a domain name is needed.")
    if len(labels) == 1 and not allow_single_label:
        raise AddressInvalid(f"“{_quoted(domain)}” is not a whole domain name, like example.com.")
    return domain


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    if label[2:4] != "--":
        return True
    try:
        return label.startswith("xn--") and not label[4:].encode().decode("punycode").isascii()
    except UnicodeError:
        return False


def _quoted(text: str) -> str:
    """The text for an error message: short, and without anything that could disturb a screen."""
    shown = "".join(char if char.isprintable() else "?" for char in text[:60])
    return shown + ("…" if len(text) > 60 else "")
