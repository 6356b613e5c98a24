// status.js: optional, every page works without it. No framework; the policy is script-src 'self'.
(() => {
  // Printing: not every browser lets CSS open <details>, so open them and put them back.
  let shut = [];
  addEventListener('beforeprint', () => {
    shut = [...document.querySelectorAll('details:not([open])')];
    shut.forEach(d => { d.open = true; });
  });
  addEventListener('afterprint', () => shut.forEach(d => { d.open = false; }));

  // iOS applies :hover on tap only when the page listens for touches (the line under the strips).
  document.addEventListener('touchstart', () => {}, { passive: true });

  // The subscribe page as a dialog. Whatever goes wrong, the link leads to the page itself.
  addEventListener('click', async e => {
    const link = e.target.closest?.('a[data-subscribe]');
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || !window.HTMLDialogElement) return;
    e.preventDefault();
    let form;
    try {
      const answer = await fetch(link.href, { signal: AbortSignal.timeout(4000) });
      if (answer.ok) form = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('subscribe');
    } catch { /* no network, or no database behind it */ }
    if (!form) { location.href = link.href; return; }
    if (document.querySelector('dialog[open]')) return;
    const dialog = document.createElement('dialog');
    dialog.setAttribute('aria-labelledby', 'subscribe-h');
    dialog.append(form);
    form.querySelector('[data-close]').hidden = false;
    form.querySelector('input:checked')?.setAttribute('autofocus', '');
    // A script that comes with parsed text is not run: load it anew.
    form.querySelectorAll('script').forEach(old => {
      const script = document.createElement('script');
      script.src = old.src;
      old.replaceWith(script);
    });
    dialog.addEventListener('close', () => { dialog.remove(); link.focus(); });
    document.body.append(dialog);
    dialog.showModal();
  });

  const live = document.getElementById('live');
  if (!live) return;
  const $ = id => document.getElementById(id);
  const sentence = () => ['h1', '.what'].map(s => document.querySelector('#now ' + s)?.textContent.trim()).join('. ');

  // Live refresh: an answer like the last one changes nothing; of another one only what differs is
  // swapped, so that focus, selection and open groups stay.
  let last, said = sentence(), heard = Date.now();
  document.addEventListener('htmx:beforeSwap', e => {
    if (e.detail.elt !== live) return;
    const text = e.detail.xhr.responseText;
    if (text === last) e.detail.shouldSwap = false;
    last = text;
  });
  document.addEventListener('htmx:oobBeforeSwap', e => {
    const { fragment, target } = e.detail;
    const isSame = fragment.firstElementChild?.outerHTML === target.outerHTML;
    if (isSame || target.contains(document.activeElement)) e.detail.shouldSwap = false;
  });
  document.addEventListener('htmx:afterRequest', e => {
    if (e.detail.elt !== live || !e.detail.successful) return;
    heard = Date.now();
    const bar = $('offline'), icon = $('favicon'), href = `/favicon-${$('now')?.dataset.s}.svg`;
    if (!bar.hidden) bar.hidden = true;
    if (icon && icon.getAttribute('href') !== href) icon.href = href;
    if (said !== sentence()) $('say').textContent = said = sentence();
    renew(e.detail.xhr.responseText);
  });

  // Components added or removed: fetch the list again, unless somebody is using it right now.
  const renew = text => {
    const list = $('components'), shape = /data-shape="(\w+)"/.exec(text)?.[1];
    if (!list || !shape || shape === list.dataset.shape || list.contains(document.activeElement)) return;
    htmx.ajax('GET', location.pathname, { target: list, select: '#components', swap: 'outerHTML' });
  };

  // Say so when refreshing stops, instead of leaving an old green page on the screen.
  setInterval(() => {
    const bar = $('offline');
    if (!bar.hidden || Date.now() - heard < 120000) return;
    bar.querySelector('[data-since]').textContent = $('asof')?.querySelector('time')?.textContent ?? '';
    bar.hidden = false;
  }, 5000);
})();
