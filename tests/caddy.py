"""The Caddyfile of this repository on free loopback ports, with Caddy's own authority for certificates."""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx

from tests import servers

ROOT = Path(__file__).resolve().parents[1]
# What only a test has, in the words of Debian's 2.6.2.
_OPTIONS = """
local_certs
skip_install_trust
http_port {http_port}
https_port {https_port}
storage file_system {storage}
log {{
	level ERROR
}}
"""


class Caddy:
    """A proxy in front of `127.0.0.1:<upstream>`; it keeps its certificates from `halt` to `start`."""

    def __init__(self, upstream: int) -> None:
        program = shutil.which("caddy")
        if not program:
            raise servers.ServerMissing("caddy is not installed (Debian package: caddy)")
        self._program = program
        self._folder = tempfile.TemporaryDirectory(prefix="candor-caddy-")
        self.storage = Path(self._folder.name)
        self.http_port, self.port = servers.free_port(), servers.free_port()
        options = _OPTIONS.format(
            http_port=self.http_port, https_port=self.port, storage=self.storage
        )
        self._environment = {
            **os.environ,
            "HOME": str(self.storage),
            "XDG_DATA_HOME": str(self.storage),
            "XDG_CONFIG_HOME": str(self.storage),
            "CANDOR_UPSTREAM": f"127.0.0.1:{upstream}",
            "CADDY_GLOBAL_OPTIONS": options,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "run", "--config", ROOT / "Caddyfile", "--adapter", "caddyfile"],
            cwd=self.storage,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        servers.wait_for_port(self.port, timeout_s=60)
        ends = time.monotonic() + 60
        while not self._root.exists() and time.monotonic() < ends:
            time.sleep(0.05)

    def halt(self) -> None:
        """Stop it, and keep what it has."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def stop(self) -> None:
        """Stop it for good."""
        self.halt()
        self._folder.cleanup()

    @property
    def _root(self) -> Path:
        return self.storage / "pki" / "authorities" / "local" / "root.crt"

    def issued(self) -> set[str]:
        """The names that it has certificates for."""
        return {path.parent.name for path in self.storage.glob("certificates/*/*/*.crt")}

    def client(self, name: str) -> httpx.Client:
        """A visitor who trusts the proxy's authority and asks for this name, on the proxy's port."""
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}",
            verify=ssl.create_default_context(cafile=self._root),
            headers={"Host": f"{name}:{self.port}"},
            timeout=30,
            trust_env=False,
            follow_redirects=False,
        )

    def get(self, name: str, path: str = "/") -> httpx.Response | None:
        """What a visitor of a name gets; None when there is no connection that can be trusted."""
        with self.client(name) as client, suppress(httpx.TransportError):
            return client.get(path, extensions={"sni_hostname": name})
        return None

    def shake_hands(self, name: str) -> bool:
        """Whether a handshake for a name comes about, whoever signed its certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the default one reads 140 authorities
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            return True
        return False
