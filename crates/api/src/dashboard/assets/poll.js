// Asks again each second about work that goes on beside the page, until the part says that it is done.

import { refresh } from "./live.js";

const OFTEN = 1000;

/** Begins; a page on which nothing goes on costs nothing. */
export function poll() {
  setInterval(() => {
    if (document.hidden) return;
    /** @type {Set<string>} */
    const addresses = new Set();
    for (const part of document.querySelectorAll("[data-poll]")) {
      const { poll: address } = /** @type {HTMLElement} */ (part).dataset;
      if (address) addresses.add(address);
    }
    for (const address of addresses) void refresh(address);
  }, OFTEN);
}
