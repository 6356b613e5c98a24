"""What the probe tests share: a way to run one probe with everything allowed, and certificates."""

import ssl
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

import probing
from probing import resolving, targets, tls
from probing.base import Guard, ProbeOutcome
from probing.options import HttpOptions
from probing.resolving import Resolver

Run = Callable[..., Coroutine[None, None, ProbeOutcome]]


def _anything(_address: str) -> bool:
    return True


@pytest.fixture
def run() -> Run:
    """run(url, deadline_s=, guard=, resolver=, **http options) -> ProbeOutcome."""

    async def run_probe(
        url: str,
        *,
        deadline_s: float = 5.0,
        guard: Guard = _anything,
        resolver: Resolver = resolving.SYSTEM,
        **http: object,
    ) -> ProbeOutcome:
        return await probing.run(
            targets.parse_target(url),
            http=HttpOptions(**http),  # type: ignore[arg-type]
            deadline_s=deadline_s,
            guard=guard,
            resolver=resolver,
        )

    return run_probe


@dataclass
class Stopwatch:
    started: float

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started


@pytest.fixture
def stopwatch() -> Stopwatch:
    """For the one timed rule there is: a probe ends at its deadline, give or take half a second."""
    return Stopwatch(started=time.monotonic())


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[trustme.CA]:
    """The test's authority, trusted the way an operator would have a private one trusted."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    tls.verifying_context.cache_clear()
    yield authority
    tls.verifying_context.cache_clear()


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context
