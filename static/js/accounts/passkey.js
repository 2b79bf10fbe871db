// Says what became of a passkey: allauth's own scripts only write it to the console.
import { gettext } from "../lib/i18n.js";

const words = {
  NotAllowedError: () => gettext("No passkey was used. Try again, or sign in with your password."),
  InvalidStateError: () => gettext("This passkey belongs to your account already."),
  SecurityError: () =>
    gettext("Passkeys need a name such as localhost or tagger.example in the address, and https anywhere but on this machine."),
};

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const { exception } = event.detail;
  let line = document.querySelector("[data-passkey-error]");
  if (!line) {
    line = document.createElement("p");
    line.className = "field__error";
    document.getElementById("main").append(line);
  }
  line.setAttribute("role", "alert");
  line.textContent = words[exception?.name]?.() ?? gettext("The passkey could not be used. Reload the page and try again.");
  line.hidden = false;
});
