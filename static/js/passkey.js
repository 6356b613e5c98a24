// Passkeys: hands what the server wants to the browser, and the answer back in the form around the button.
// Bytes travel as base64url, in both directions.

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function readable(options) {
  const wanted = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) wanted.user = { ...options.user, id: toBytes(options.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (options[list]) wanted[list] = options[list].map((each) => ({ ...each, id: toBytes(each.id) }));
  }
  return wanted;
}

function sendable(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function ask(button, said) {
  const data = JSON.parse(document.getElementById("passkey-options").textContent);
  const { publicKey } = data.creation_options ?? data.request_options;
  try {
    const credential = await navigator.credentials[button.dataset.passkey]({ publicKey: readable(publicKey) });
    const form = button.form;
    form.elements.credential.value = JSON.stringify(sendable(credential));
    form.submit();
  } catch {
    said.textContent = button.dataset.failed;
  }
}

const button = document.querySelector("[data-passkey]");
if (button && window.PublicKeyCredential) {
  const said = document.getElementById("passkey-said");
  said.textContent = "";
  button.hidden = false;
  button.addEventListener("click", () => ask(button, said));
}
