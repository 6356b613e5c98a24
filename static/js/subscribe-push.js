// subscribe-push.js: notifications in this browser. On the page and in the dialog; without it another way is taken.
(() => {
  if (window.candorPush) return;
  window.candorPush = true;
  const can = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
  const part = form => form.querySelector('[data-push-key]');
  const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), char => char.charCodeAt(0));
  const show = () => document.querySelectorAll('[data-push-needs]').forEach(each => { each.hidden = can; });

  // The browser's own subscription for visitors, beside the one that an operator may have here.
  const subscription = async key => {
    const worker = await navigator.serviceWorker.register('/push-worker.js', { scope: '/subscriptions' });
    for (let tries = 0; !worker.active; tries++) {
      if (tries > 200) throw new Error();
      await new Promise(done => { setTimeout(done, 50); });
    }
    const made = await worker.pushManager.getSubscription();
    // One of an older key cannot be changed, only replaced.
    if (made && String(new Uint8Array(made.options.applicationServerKey)) === String(bytes(key))) return made;
    await made?.unsubscribe();
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  };
  const fill = async (form, set) => {
    if (await Notification.requestPermission() !== 'granted') throw new Error(set.dataset.pushRefused);
    let made;
    try { made = (await subscription(set.dataset.pushKey)).toJSON(); } catch { throw new Error(set.dataset.pushFailed); }
    // When the push service moves this browser, its worker says which it was.
    const kept = await caches.open('push');
    await kept.put('/subscriptions/endpoint', new Response(made.endpoint));
    const values = { endpoint: made.endpoint, p256dh: made.keys.p256dh, auth: made.keys.auth };
    Object.entries(values).forEach(([name, value]) => { set.querySelector(`[name=${name}]`).value = value; });
  };

  addEventListener('submit', async e => {
    const form = e.target, set = part(form);
    if (!set || !can || form.elements.channel?.value !== 'webpush' || set.querySelector('[name=endpoint]').value) return;
    e.preventDefault();
    const said = set.querySelector('[data-push-said]');
    said.hidden = true;
    try {
      await fill(form, set);
      form.submit();
    } catch (error) {
      said.textContent = error.message;
      said.hidden = false;
    }
  });
  show();
})();
