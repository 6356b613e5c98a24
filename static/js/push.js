// push.js: the button that connects this browser to the operators' alerts.

const button = document.querySelector("[data-push-key]");
const said = document.getElementById("push-said");

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

const browserName = () => {
  const brands = navigator.userAgentData?.brands?.map((each) => each.brand) ?? [];
  const named = brands.find((brand) => !/chromium|not.?a.?brand/i.test(brand));
  const known = /(Firefox|Edg|Chrome|Safari)/.exec(navigator.userAgent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(navigator.userAgent)?.[1];
  return [named ?? known ?? "Browser", system].filter(Boolean).join(", ");
};

const connect = async () => {
  const worker = await navigator.serviceWorker.register("/push-worker.js", { scope: "/admin/" });
  if ((await Notification.requestPermission()) !== "granted") throw new Error(button.dataset.refused);
  const options = { userVisibleOnly: true, applicationServerKey: bytes(button.dataset.pushKey) };
  // A subscription of an older key cannot be changed, only replaced.
  await (await worker.pushManager.getSubscription())?.unsubscribe();
  const subscription = await worker.pushManager.subscribe(options);
  const answer = await fetch(button.dataset.url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value,
    },
    body: JSON.stringify({ ...subscription.toJSON(), name: browserName() }),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? button.dataset.failed);
  location.reload();
};

if (button && "serviceWorker" in navigator && "PushManager" in window) {
  button.disabled = false;
  said.textContent = "";
  button.addEventListener("click", () => {
    connect().catch((error) => {
      said.textContent = error.message;
    });
  });
}
