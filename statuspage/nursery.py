"""The first start of all processes: Django is loaded once, and each process is a fork of that.

Loading takes one to two seconds of a core, and seven processes need it; forks share it and its
memory. The supervisor starts this program with an `Order` on standard input, waits for its end and
adopts the forks; one that dies later is started by itself. Before that, database and static files are
brought up to date, so that nothing runs on the tables of yesterday.
"""

import gc
import importlib
import os
import runpy
import signal
import sys
from collections.abc import Sequence

import django
from django.core.management import call_command
from django.db import connections
from django.urls import get_resolver
from setproctitle import setproctitle

from statuspage.children import Birth, Order

INTERRUPTED = 130
# What Celery loads when a command of it runs: four forks would each take a third of a second.
_OF_CELERY = (
    "celery.bin.celery",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.backends.base",
    "celery.concurrency.thread",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.loops",
    "celery.worker.strategy",
    "kombu.transport.virtual",
)


def main() -> None:
    order = Order.from_json(sys.stdin.read())
    gc.disable()  # it would look through all that is loaded, again and again: a fifth of the time
    django.setup()
    call_command("prepare", demo=order.is_demo)
    if not order.births:
        return
    _load()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the first fork on, only the supervisor ends
    if os.getppid() != order.supervisor:
        return  # it is gone: nobody would look after them
    for index, birth in enumerate(order.births):
        if not os.fork():
            _settle(index, birth, order)
            _become(birth.command)


def _load() -> None:
    """Load what every process needs, and leave nothing open."""
    from statuspage.celery import app  # noqa: PLC0415 - it loads most of all

    app.loader.import_default_modules()
    for name in _OF_CELERY:
        importlib.import_module(name)
    _ = get_resolver().url_patterns
    connections.close_all()
    gc.collect()
    gc.freeze()  # or the first collection in each fork would copy all of it


def _settle(index: int, birth: Birth, order: Order) -> None:
    """Lead a group of our own, with our own output; and say so."""
    gc.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (birth.output, 1), (birth.output, 2)):
        os.dup2(source, target)
    os.write(order.answers, f"{index} {os.getpid()}\n".encode())
    for descriptor in {nothing, *order.descriptors} - set(birth.inherited):
        os.close(descriptor)


def _become(command: Sequence[str]) -> None:
    """Run what the command runs, to its end."""
    setproctitle(" ".join(command))
    _python, *arguments = command
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
