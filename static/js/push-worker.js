// push-worker.js: shows what the page pushes to an operator's browser; nothing else runs here.

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
