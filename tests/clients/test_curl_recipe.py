"""The recipe of docs/how-to/report-from-an-application.md is run as it stands there."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.clients.page import TOKEN, FakePage, wait_for

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/report-from-an-application.md"


@pytest.mark.req("W2")
def test_the_five_lines_of_shell_report(page: FakePage) -> None:
    found = re.search(r"```sh\n(while .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    recipe = found[1]
    assert recipe.count("\n") == 5
    shell = subprocess.Popen(
        ["sh", "-c", recipe.replace("sleep 30", "sleep 0.1")],
        env={**os.environ, "TOKEN": TOKEN, "URL": page.url},
    )
    try:
        wait_for(lambda: bool(page.reports))
    finally:
        shell.kill()
        shell.wait()
    asked = page.reports[0]
    assert asked.path == "/reporter/landing/web/"
    assert asked.password == TOKEN
    assert asked.headers["content-type"] == "application/json"
    body = asked.json
    assert (body["replica"], body["interval"]) == (socket.gethostname(), 30)
    assert body["load"]["cpu"] >= 0
    assert 0 < body["load"]["ram"] < 1
