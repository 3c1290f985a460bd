// Asks for an answer's confirmation on the spot: what `Approve…` and `Deny…` lead to, the page that
// shows the request whole, is shown in a dialog. Nothing is sent but that page's own form.

import { tellAll } from "./time.js";

/**
 * Shows the request of a link in the dialog.
 * @param {HTMLDialogElement} sheet
 * @param {HTMLAnchorElement} link
 */
async function ask(sheet, link) {
  try {
    const answer = await fetch(link.href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const request = page.getElementById("request");
    if (!answer.ok || !request) throw new Error(String(answer.status));
    sheet.replaceChildren(request);
    tellAll(sheet);
    sheet.showModal();
    const first = sheet.querySelector("input:checked, input[name=note]");
    if (first instanceof HTMLElement) first.focus();
  } catch {
    // Then the page itself says what is wrong.
    location.assign(link.href);
  }
}

/** Listens to the links that ask for an answer. */
export function answers() {
  const sheet = document.getElementById("sheet");
  if (!(sheet instanceof HTMLDialogElement)) return;
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link) return;
    if (link.matches(".approve, .deny")) {
      event.preventDefault();
      void ask(sheet, link);
    } else if (link.matches("dialog .cancel")) {
      event.preventDefault();
      sheet.close();
    }
  });
}
