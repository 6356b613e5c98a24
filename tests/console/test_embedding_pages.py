"""The console's screen of what operators copy to show a page elsewhere."""

from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as conf
from django.test import Client

from accounts.models import User
from components import pages
from components.models import PageKind
from tests import build
from tests.public_pages import world

pytestmark = pytest.mark.django_db


def test_the_screen_has_what_a_page_gives_to_other_sites(
    client: Client, operator: User, now: datetime, tmp_path: Path, settings: Any
) -> None:
    settings.PUBLISHED_DIR = tmp_path
    build.component(slug="shop", name="Shop [1]")
    sub = pages.add(kind=PageKind.SUB, name='<b>"EU"', slug="eu", now=now)

    before = client.get(f"/admin/pages/{sub.pk}/embed/").content.decode()
    assert "Nothing is published yet." in before
    assert "Shop" not in before  # it shows nothing
    assert "warning.js" not in before  # of the installation, so of the main page alone

    world.publish(tmp_path, now=now)
    main = unescape(client.get("/admin/pages/1/embed/").content.decode())
    assert f'<script src="{conf.CANDOR_ORIGIN}/embed/script.js" defer></script>' in main
    assert f"script-src {conf.CANDOR_ORIGIN};" in main
    assert f"[![Shop 1]({conf.CANDOR_ORIGIN}/badge/shop/status.svg)]({conf.CANDOR_ORIGIN}/)" in main
    assert 'src="data:image/svg+xml;base64,' in main
    assert 'href="/admin/pages/1/embed/"' in client.get("/admin/pages/1/").content.decode()
    # What is copied is markup that is safe to paste.
    assert 'title="&lt;b&gt;&quot;EU&quot;"' in unescape(before)


def test_customer_pages_and_retired_ones_are_embedded_nowhere(
    client: Client, operator: User, now: datetime
) -> None:
    customer = build.page(kind=PageKind.CUSTOMER, name="Secret Ltd")
    gone = pages.add(kind=PageKind.SUB, name="Old", slug="old", now=now)
    pages.retire(page=gone, now=now)

    for page in (customer, gone):
        assert client.get(f"/admin/pages/{page.pk}/embed/").status_code == 404
        assert "embed/" not in client.get(f"/admin/pages/{page.pk}/").content.decode()
