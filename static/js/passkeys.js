// Why a passkey cannot be used here, in the page's own words.
import { _ } from "./words.js";

const shown = document.querySelector("[data-passkey-problem]");

function say(text) {
  if (shown) { shown.textContent = text; shown.hidden = false; }
}

if (!window.isSecureContext || !window.PublicKeyCredential) {
  say(_("Browsers offer passkeys on https and on localhost alone; this page is on neither."));
  document.querySelectorAll("[id^=mfa_webauthn], #passkey_login").forEach((button) => {
    button.disabled = true;
  });
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  say(
    _("The passkey was not used: it was cancelled, took too long, or is not one for this site."),
  );
});

// The log-in page's button; the other forms say themselves what they are for.
if (document.getElementById("passkey_login") && window.allauth) {
  window.allauth.webauthn.forms.loginForm({
    ids: { login: "passkey_login", credential: "mfa_credential" },
  });
}
