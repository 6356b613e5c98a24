// console.js: comforts of the operators' console; every screen works without it.

// A select that could not be saved keeps the choice and says so under itself.
const tell = (event) => {
  const said = document.getElementById(event.target.dataset?.say ?? "");
  if (!said) return;
  said.textContent = event.target.dataset.failed;
  said.classList.add("said--bad");
  event.target.setAttribute("aria-invalid", "true");
};
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, tell);
}

// An address such as …?open=12#node-12, or #service-3, leads to the place, also inside a closed node.
const target = location.hash && document.getElementById(location.hash.slice(1));
if (target instanceof HTMLDetailsElement) target.open = true;

// Saying what a component becomes says that it is affected.
document.addEventListener("change", (event) => {
  const box = event.target.value && document.getElementById(event.target.dataset?.ticks ?? "");
  if (box && !box.checked) {
    box.checked = true;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
