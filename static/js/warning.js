// A bar at the top of another site (or of a chat widget, or a help desk) while the status page is dead for long.
// <script src="https://status.example.com/warning.js" defer></script>
// No dependencies, no inline styles: works under a strict Content-Security-Policy that allows the status page
// in script-src and connect-src. data-bar="off" draws nothing and only dispatches "candor:warning" on window.
(() => {
  'use strict';
  const script = document.currentScript ?? document.querySelector('script[src*="/warning.js"]');
  if (!script) return;
  const source = new URL('status/warning.json', new URL('.', script.src));
  const EVERY_MS = 30000;
  let bar, told, dismissed;

  const styled = (element, styles) => {
    element.style.setProperty('all', 'initial');
    for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
    return element;
  };
  const font = { 'font-family': 'system-ui, sans-serif', 'font-size': '15px', 'line-height': '1.4', color: '#fff' };
  const focusable = element => {
    element.addEventListener('focus', () => element.style.setProperty('outline', '2px solid #fff'));
    element.addEventListener('blur', () => element.style.removeProperty('outline'));
    return element;
  };

  const draw = said => {
    bar = styled(document.createElement('aside'), {
      position: 'fixed', 'inset-inline': '0', top: '0', 'z-index': '2147483647', display: 'flex', 'flex-wrap': 'wrap',
      gap: '4px 16px', 'align-items': 'center', 'justify-content': 'center', padding: '10px 16px', background: '#a81c2e', ...font,
    });
    bar.setAttribute('role', 'status');
    bar.dataset.candorWarning = '';
    if (said.brand?.colour) bar.style.setProperty('border-bottom', `4px solid ${said.brand.colour}`);
    const words = styled(document.createElement('span'), font);
    words.textContent = said.message;
    const link = focusable(styled(document.createElement('a'), { ...font, 'text-decoration': 'underline', cursor: 'pointer' }));
    link.href = said.url;
    link.textContent = said.more;
    const button = focusable(styled(document.createElement('button'), {
      ...font, cursor: 'pointer', border: '1px solid #fff', 'border-radius': '6px', padding: '3px 10px', 'min-height': '24px',
    }));
    button.type = 'button';
    button.textContent = said.dismiss;
    button.addEventListener('click', () => { dismissed = said.since; clear(); });
    bar.append(words, link, button);
    document.body.append(bar);
  };
  const clear = () => { bar?.remove(); bar = undefined; };

  const show = said => {
    // An old file says nothing about now.
    const warns = said.warn && !said.stale;
    const state = warns ? said.since : '';
    if (state !== told) {
      told = state;
      clear();
      window.dispatchEvent(new CustomEvent('candor:warning', { detail: { ...said, warn: warns } }));
      if (warns && dismissed !== said.since && script.dataset.bar !== 'off') draw(said);
    }
  };
  const look = async () => {
    try {
      const answer = await fetch(source, { credentials: 'omit', cache: 'no-cache' });
      if (answer.ok) show(await answer.json());
    } catch { /* the status page cannot be reached: what was last known stays */ }
  };
  const start = () => { look(); setInterval(() => { if (!document.hidden) look(); }, EVERY_MS); };
  if (document.body) start(); else document.addEventListener('DOMContentLoaded', start);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
})();
