// Tells visitors of another site that something is wrong: served as /embed/script.js and, for the warning of a long
// outage alone, as /warning.js. No dependencies, no cookies, no inline styles: a Content-Security-Policy has to allow
// the status page in script-src and connect-src, and nothing else.
//   data-show="maintenance": also while maintenance is going on; "outage": only once the page is dead for long
//   data-look="bar" or "note"; data-side="start"; data-theme="light" or "dark"
//   data-bar="off": draws nothing and only sends "candor:status" or "candor:warning" to window
(() => {
  'use strict';
  const script = document.currentScript ?? document.querySelector('script[src$="/embed/script.js"],script[src$="/warning.js"]');
  if (!script) return;
  const { show = '', look, side, theme, bar } = script.dataset;
  const isAlias = script.src.includes('/warning.js');
  const warns = isAlias || show === 'outage';
  const source = new URL(warns ? 'status/warning.json' : 'embed/status.json', new URL(isAlias ? '.' : '..', script.src));
  const isBar = (look ?? (warns ? 'bar' : 'note')) === 'bar';
  const key = `candor ${source}`;
  let host, told, back, dismissed = '';
  try { dismissed = sessionStorage.getItem(key); } catch { /* not allowed here: known until the next page */ }

  // Browsers without light-dark() take the first of each pair.
  const pair = (name, light, dark) => `${name}:${light};${name}:light-dark(${light},${dark});`;
  const css = ([accent, accentDark], [tone, toneDark]) => `
:host{all:initial!important}
section{position:fixed;z-index:2147483647;color-scheme:${theme === 'light' || theme === 'dark' ? theme : 'light dark'};
box-sizing:border-box;display:flex;flex-wrap:wrap;align-items:center;gap:4px 16px;font:15px/1.4 system-ui,sans-serif;
${isBar
    ? `inset-inline:0;top:0;justify-content:center;padding:10px 16px;background:${tone};color:#fff;border-bottom:4px solid ${accent}`
    : `inset-block-end:16px;inset-inline-${side === 'start' ? 'start' : 'end'}:16px;max-inline-size:min(360px,100vw - 32px);padding:14px 16px;
${pair('background', '#fff', '#16191c')}${pair('color', '#1b1d20', '#e8eaec')}
border:1px solid #868c92;border-radius:10px;border-inline-start-width:6px;${pair('border-inline-start-color', accent, accentDark)}
box-shadow:0 4px 20px #0003`}}
div{flex:${isBar ? '0 1 auto' : '1 0 100%'}}
b,span{display:block}
${isBar ? '' : `b{${pair('color', tone, toneDark)}}`}
a,button{font:inherit;color:inherit;padding:3px 0;min-height:24px;box-sizing:border-box;cursor:pointer}
button{background:none;border:1px solid;border-radius:6px;padding-inline:10px}
:focus-visible{outline:2px solid;outline-offset:2px}
@media(prefers-reduced-motion:no-preference){section{animation:in .2s}@keyframes in{from{opacity:0;translate:0 ${isBar ? '-' : ''}8px}}}
@media print{section{display:none}}`;

  const clear = () => {
    const hadFocus = host?.shadowRoot.activeElement;
    host?.remove();
    host = undefined;
    if (hadFocus) back?.focus?.();
  };
  const put = (name, text, on) => {
    const made = document.createElement(name);
    made.textContent = text;
    on.append(made);
    return made;
  };
  const draw = said => {
    clear();
    host = document.createElement('div');
    host.setAttribute(warns ? 'data-candor-warning' : 'data-candor-status', '');
    if (said.lang) host.lang = said.lang;
    const root = host.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css(said.brand.accent, said.tone));
    root.adoptedStyleSheets = [sheet];
    const box = put('section', '', root);
    box.setAttribute('aria-label', said.label);
    const words = put('div', '', box);
    words.setAttribute('role', 'status');
    put('a', said.more, box).href = said.url;
    const close = put('button', said.dismiss, box);
    close.type = 'button';
    const dismiss = () => {
      dismissed = said.since;
      try { sessionStorage.setItem(key, dismissed); } catch { /* see above */ }
      clear();
    };
    close.addEventListener('click', dismiss);
    root.addEventListener('keydown', event => { if (event.key === 'Escape') dismiss(); });
    host.addEventListener('focusin', event => { back = event.relatedTarget ?? back; });
    document.body.append(host);
    // A region that is there first, and filled then, is read out.
    setTimeout(() => {
      put('b', said.message, words);
      if (said.detail) put('span', said.detail, words);
    }, 50);
  };

  const tell = said => {
    // An old file says nothing about now.
    const isDue = !said.stale && (said.warn || (show === 'maintenance' && said.maintenance));
    const state = isDue ? said.since : '';
    if (state === told) return;
    told = state;
    clear();
    window.dispatchEvent(new CustomEvent(warns ? 'candor:warning' : 'candor:status', { detail: { ...said, warn: isDue } }));
    if (isDue && dismissed !== state && bar !== 'off') draw(said);
  };
  const read = async () => {
    const answer = await fetch(source, { credentials: 'omit', cache: 'no-cache' });
    return answer.ok ? answer.json() : undefined;
  };
  const check = async () => {
    try {
      const said = await read();
      if (said) tell(said);
    } catch { /* the status page cannot be reached: what was last known stays */ }
  };
  const checkIfSeen = () => { if (!document.hidden) check(); };
  const start = () => {
    check();
    setInterval(checkIfSeen, warns ? 30000 : 60000);
  };
  window.statusEmbedTest = async () => {
    const said = await read();
    if (said) draw({ ...said, message: said.test, detail: '', since: 'test' });
  };
  if (document.body) start(); else document.addEventListener('DOMContentLoaded', start);
  document.addEventListener('visibilitychange', checkIfSeen);
})();
