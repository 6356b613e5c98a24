"""Notifications in a visitor's own browser, as Chromium asks for them; its push service is away."""

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from subscribers.models import State, Subscriber
from tests import web
from tests.browsing import OpenPage, with_assets
from tests.notifications.channels.providers import BROWSER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What Google's service would answer: a subscription with an address at the server of the test.
_SERVICE = """
  PushManager.prototype.getSubscription = async () => null;
  PushManager.prototype.subscribe = async (options) => {
    window.askedWith = options;
    const {endpoint, ...keys} = %s;
    return {toJSON: () => ({endpoint, keys})};
  };
"""


# What the browser does to the worker when its push service moves it; only it may make such an event.
_MOVED = """
  async ({subscription, hasOld}) => {
    const {endpoint, ...keys} = subscription;
    const event = new ExtendableEvent("pushsubscriptionchange");
    const done = new Promise((resolve) => { event.waitUntil = resolve; });
    event.newSubscription = {endpoint, toJSON: () => ({endpoint, keys})};
    event.oldSubscription = hasOld ? {endpoint: hasOld} : null;
    self.dispatchEvent(event);
    await done;
  }
"""


@pytest.mark.req("N1", "A8")
def test_browser_subscribes_by_one_button_and_is_found_again_when_it_is_moved(
    open_page: OpenPage, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_HOOKS = settings.ALLOW_PRIVATE_VISITOR_HOOKS = True
    settings.PUSH_HOSTS = ["127.0.0.1"]
    with web.server() as service:
        page = with_assets(open_page(signed_in=False, permissions=["notifications"]))
        subscription = str(BROWSER.subscription(f"{service.url}/push/1"))
        page.add_init_script(_SERVICE % subscription)
        page.goto("/subscribe")
        page.locator(".way", has_text="Browser").click()
        page.get_by_role("button", name="Subscribe").click()

        expect(page.get_by_text("Confirmed.")).to_be_visible()
        row = Subscriber.objects.get()
        assert (row.channel, row.state) == ("webpush", State.ACTIVE)
        assert row.secrets["endpoint"] == f"{service.url}/push/1"
        # Its worker knows which browser this was, should the push service move it.
        kept = page.evaluate(
            "caches.match('/subscriptions/endpoint').then((found) => found.text())"
        )
        assert kept == f"{service.url}/push/1"

        [worker] = page.context.service_workers
        moves = [(2, None), (3, f"{service.url}/push/2"), (4, None)]
        for number, old in moves:
            moved = BROWSER.subscription(f"{service.url}/push/{number}")
            worker.evaluate(_MOVED, {"subscription": moved, "hasOld": old})
            row = Subscriber.objects.get()
            assert (row.state, row.secrets["endpoint"]) == (State.ACTIVE, moved["endpoint"])
        # Whoever does not name the address before moves nobody.
        stranger = BROWSER.subscription(f"{service.url}/push/stranger")
        old = f"{service.url}/push/1"
        worker.evaluate(_MOVED, {"subscription": stranger, "hasOld": old})
        assert Subscriber.objects.get().secrets["endpoint"] == f"{service.url}/push/4"


@pytest.mark.req("N1")
def test_browser_without_a_push_service_is_told_to_choose_another_way(open_page: OpenPage) -> None:
    page = with_assets(open_page(signed_in=False, permissions=["notifications"]))
    page.add_init_script("PushManager.prototype.subscribe = () => Promise.reject(new Error());")
    page.goto("/subscribe")
    page.locator(".way", has_text="Browser").click()
    page.get_by_role("button", name="Subscribe").click()

    expect(page.get_by_role("alert").filter(has_text="choose another way")).to_be_visible()
    assert not Subscriber.objects.exists()
