// subscribe.js: the boxes of a group follow each other. On the page and in the dialog; not needed for either.
(() => {
  if (window.candorSubscribe) return;
  window.candorSubscribe = true;
  const boxes = (set, name) => [...set.querySelectorAll(`input[name=${name}]`)];
  const show = set => {
    const [all] = boxes(set, 'g'), ticked = boxes(set, 'c').filter(box => box.checked).length;
    if (!all) return;
    all.checked = ticked === boxes(set, 'c').length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  addEventListener('change', e => {
    const set = e.target.closest('[data-group]');
    if (!set) return;
    if (e.target.name === 'g') boxes(set, 'c').forEach(box => { box.checked = e.target.checked; });
    show(set);
  });
  document.querySelectorAll('[data-group]').forEach(show);
})();
