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

// A button that copies the text beside it. Without https browsers offer the older way only.
const copy = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
};
for (const button of document.querySelectorAll("[data-copy]")) {
  const word = button.querySelector("[data-word]");
  const was = word.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await copy(button.dataset.copy);
    word.textContent = button.dataset.done;
    button.focus();
    setTimeout(() => { word.textContent = was; }, 2000);
  });
}
