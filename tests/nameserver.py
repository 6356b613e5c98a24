"""A name server on loopback, over UDP and TCP: the authority of a zone, or a resolver that knows it.

Answers come from a table that a test may change at any time; nothing is cached.
"""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[tuple[str, str], list[str]]


class NameServer:
    """Answers for the names of `zone`: `{("status.acme.test", "CNAME"): ["target.test."]}`.

    `is_silent`: it takes questions and says nothing. `refuses`: an answer code for everything.
    """

    def __init__(self, zone: Zone | None = None) -> None:
        self.zone: Zone = zone if zone is not None else {}
        self.is_silent = False
        self.refuses: dns.rcode.Rcode | None = None
        self.asked: list[tuple[str, str, bool]] = []
        self._udp = _bound()
        self.port: int = self._udp.getsockname()[1]
        self._tcp = _Tcp(("127.0.0.1", self.port), self)
        self._threads = [
            threading.Thread(target=self._serve, daemon=True),
            threading.Thread(target=self._tcp.serve_forever, args=(0.02,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._tcp.shutdown()
        self._tcp.server_close()
        with suppress(OSError):
            self._udp.shutdown(socket.SHUT_RDWR)
        self._udp.close()

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind, bool(query.flags & dns.flags.RD)))
        if self.is_silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        if self.refuses is not None:
            response.set_rcode(self.refuses)
            return response.to_wire()
        self._fill(response, name, kind)
        return response.to_wire()

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(8):
            if found := self.zone.get((name, kind)):
                response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *found))
                return
            alias = self.zone.get((name, "CNAME"))
            if not alias:
                break
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *alias))
            name = alias[0].removesuffix(".").lower()
        if not response.answer and name not in {known for known, _ in self.zone}:
            response.set_rcode(dns.rcode.NXDOMAIN)

    def _serve(self) -> None:
        while True:
            try:
                wire, sender = self._udp.recvfrom(4096)
            except OSError:
                return
            if not wire:
                return  # woken, to end
            if (answer := self.answer(wire)) is not None:
                with suppress(OSError):
                    self._udp.sendto(answer, sender)


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], server: NameServer) -> None:
        self.name_server = server
        super().__init__(address, _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: _Tcp

    def handle(self) -> None:
        with suppress(OSError, struct.error):
            (length,) = struct.unpack("!H", self.request.recv(2))
            answer = self.server.name_server.answer(self.request.recv(length))
            if answer is not None:
                self.request.sendall(struct.pack("!H", len(answer)) + answer)


def _bound() -> socket.socket:
    """A UDP socket at a port that is free for TCP as well."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        with socket.socket() as tcp:
            try:
                tcp.bind(("127.0.0.1", udp.getsockname()[1]))
            except OSError:
                udp.close()
                continue
        return udp


def zone_of(domain: str, records: Mapping[tuple[str, str], Sequence[str]]) -> Zone:
    """A zone with these records, whose name server is at 127.0.0.1."""
    zone: Zone = {key: list(values) for key, values in records.items()}
    zone[domain, "NS"] = [f"ns.{domain}."]
    zone[f"ns.{domain}", "A"] = ["127.0.0.1"]
    return zone


@contextmanager
def serving(zone: Zone | None = None) -> Iterator[NameServer]:
    """A running server."""
    server = NameServer(zone)
    try:
        yield server
    finally:
        server.stop()
