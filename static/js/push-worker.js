// push-worker.js: shows what the page pushes to a browser; nothing else runs here.

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    told = { body: event.data?.text() };
  }
  // A browser takes the permission away from a page that shows nothing.
  const shown = { body: told.body ?? "", tag: told.tag, renotify: Boolean(told.tag), data: { url: told.url } };
  event.waitUntil(self.registration.showNotification(told.title ?? "Status", shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = event.notification.data ?? {};
  if (!url || new URL(url).origin !== self.location.origin) return;
  event.waitUntil(self.clients.openWindow(url));
});

// A visitor's browser was given another address: say so, naming the one before, which nobody else knows.
const moved = async (event) => {
  const kept = await caches.open("push");
  const known = await kept.match("/subscriptions/endpoint");
  const old = event.oldSubscription?.endpoint ?? (await known?.text());
  const options = event.oldSubscription?.options;
  const fresh = event.newSubscription ?? (options && (await self.registration.pushManager.subscribe(options)));
  if (!old || !fresh) return;
  const answer = await fetch("/subscriptions/push-moved", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ old, new: fresh.toJSON() }),
  });
  if (answer.ok) await kept.put("/subscriptions/endpoint", new Response(fresh.endpoint));
};

self.addEventListener("pushsubscriptionchange", (event) => {
  if (new URL(self.registration.scope).pathname === "/subscriptions") event.waitUntil(moved(event));
});
