"""The file broker: messages appear whole, also to a worker that looks while they are written."""

import resource
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from kombu import Connection, Queue

from statuspage import celery, file_broker


def connection(folder: Path) -> Connection:
    """Of queues with names of the test's own: a process remembers for one folder what is bound."""
    for name in ("queue", "control"):
        (folder / name).mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    }
    return Connection(transport=file_broker.Transport, transport_options=options)


def test_celery_uses_it_when_no_other_broker_is_set() -> None:
    with celery.app.connection_for_write() as used:
        is_ours = isinstance(used.transport, file_broker.Transport)
    assert is_ours == (not settings.BROKER_URL)


def test_a_reader_that_looks_all_the_time_never_takes_half_a_message(tmp_path: Path) -> None:
    sent = 300
    read: list[dict[str, Any]] = []
    broken: list[ValueError] = []
    body = "x" * 20_000
    is_done = threading.Event()

    def take() -> None:
        with connection(tmp_path) as ours, ours.SimpleQueue("probes") as queue:
            while not (is_done.is_set() and len(read) + len(broken) >= sent):
                try:
                    read.append(queue.get_nowait().payload)
                except queue.Empty:
                    if is_done.is_set() and not list((tmp_path / "queue").iterdir()):
                        return
                except ValueError as error:
                    broken.append(error)

    with connection(tmp_path) as theirs:
        Queue("probes", channel=theirs.channel()).declare()
        reader = threading.Thread(target=take)
        reader.start()
        with theirs.SimpleQueue("probes") as queue:
            for number in range(sent):
                queue.put({"number": number, "body": body})
        is_done.set()
        reader.join(timeout=30)

    assert not broken
    assert sorted(message["number"] for message in read) == list(range(sent))


def test_two_readers_get_each_message_once_without_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be on another file system: a move there is a copy that a second reader sees half."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    sent = 200
    read: list[int] = []

    def take() -> None:
        with connection(tmp_path) as ours, ours.SimpleQueue("twice") as queue:
            while True:
                try:
                    message = queue.get_nowait()
                except queue.Empty:
                    return
                read.append(message.payload["number"])
                message.ack()

    with connection(tmp_path) as theirs, theirs.SimpleQueue("twice") as queue:
        for number in range(sent):
            queue.put({"number": number})
    readers = [threading.Thread(target=take) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert sorted(read) == list(range(sent))
    assert not list((tmp_path / "queue").iterdir())


@pytest.fixture
def quick_turns() -> Iterator[None]:
    """Threads take turns 500 times as often: what is not safe between them shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("quick_turns")
def test_no_message_is_lost_while_two_make_the_queue(tmp_path: Path) -> None:
    """Without one binding after the other, one pair in eleven lost one."""

    def put(name: str, number: int) -> None:
        with connection(tmp_path) as ours:
            together.wait()
            with ours.SimpleQueue(name) as queue:
                queue.put({"number": number})

    names = [f"probes-{round_}" for round_ in range(80)]
    for name in names:
        together = threading.Barrier(2)
        writers = [threading.Thread(target=put, args=(name, number)) for number in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

    kept = [message.name.split(".")[1] for message in (tmp_path / "queue").iterdir()]
    assert sorted(kept) == sorted(names * 2)


def test_a_queue_takes_nothing_of_one_whose_name_ends_alike(tmp_path: Path) -> None:
    """A location may be called "probes": its worker waits at `probes.probes`."""
    with connection(tmp_path) as ours:
        with ours.SimpleQueue("far.near") as queue:
            queue.put({"number": 1})
        with ours.SimpleQueue("near") as other, pytest.raises(other.Empty):
            other.get_nowait()
        with ours.SimpleQueue("far.near") as queue:
            assert queue.get_nowait().payload == {"number": 1}


def test_messages_that_were_cut_off_are_passed_over(tmp_path: Path) -> None:
    with connection(tmp_path) as ours, ours.SimpleQueue("cut") as queue:
        for name, content in (("0_a", b""), ("1_b", b'{"body": "'), ("2_c", b"\xff")):
            (tmp_path / "queue" / f"{name}.cut.msg").write_bytes(content)
        queue.put({"number": 1})
        message = queue.get_nowait()
        message.ack()
    assert message.payload == {"number": 1}
    assert not list((tmp_path / "queue").iterdir())


def test_a_table_of_bindings_that_was_cut_off_is_written_anew(tmp_path: Path) -> None:
    with connection(tmp_path) as ours:
        (tmp_path / "control" / "emptied.exchange").touch()
        with ours.SimpleQueue("emptied") as queue:
            queue.put({"number": 1})
            assert queue.get_nowait().payload == {"number": 1}


@pytest.fixture
def no_room() -> Iterator[None]:
    """No file can grow, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_keeps_nothing_of_what_it_refused(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with connection(tmp_path) as ours, ours.SimpleQueue("full") as queue:
        request.getfixturevalue("no_room")
        with pytest.raises(OSError, match="File too large"):
            queue.put({"number": 1})
    assert not list((tmp_path / "queue").iterdir())
