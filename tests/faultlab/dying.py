"""A worker, or an operator, that kills itself at a named point (fault F-02).

`python -m tests.faultlab.dying POINT worker …` is Celery's worker; `… POINT post TITLE` publishes an
incident. The product knows nothing of it: functions are wrapped here, and what goes on inside their
statements is seen by a wrapper of the database's connection.
"""

import importlib
import os
import re
import signal
import sys
import threading
from typing import Any

import django

django.setup()

from django.db import connections  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402

from tests.faultlab.dying_points import POINTS, Point  # noqa: E402

_here = threading.local()
_DOT = "the dot"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: Point) -> None:
    """From now on this process dies at the point."""
    module, _, path = point.function.partition(":")
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    real = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        _here.is_inside = True
        if point.is_before and not point.statement:
            _die()
        try:
            result = real(*arguments, **named)
        finally:
            _here.is_inside = False
        # What found nothing to do is not the point.
        if not point.is_before and not point.statement and (result or result is None):
            _die()
        return result

    setattr(owner, name, _after_the_dot if point.statement == _DOT else wrapped)
    connection_created.connect(lambda connection, **_: _watch(connection, point), weak=False)
    for connection in connections.all(initialized_only=True):
        _watch(connection, point)


def _watch(connection: Any, point: Point) -> None:
    def executing(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_inside = getattr(_here, "is_inside", False) and point.statement
        is_point = is_inside and re.match(point.statement, sql)
        if is_point and point.is_before:
            _die()
        result = execute(sql, params, many, context)
        if is_point:
            _die()
        return result

    connection.execute_wrappers.append(executing)


def _after_the_dot(connection: Any, _deadline: Any) -> None:
    """Send the final dot, and die when the server has taken the message and answers."""
    connection.send(b".\r\n")
    connection.sock.recv(1)
    _die()


def main() -> None:
    point, job, *arguments = sys.argv[1:]
    if job == "post":
        from tests.faultlab import operating

        arm(POINTS[point])
        operating.post(number=0, title=arguments[0])
        return
    from statuspage.celery import app

    arm(POINTS[point])
    app.worker_main([job, *arguments])


if __name__ == "__main__":
    main()
