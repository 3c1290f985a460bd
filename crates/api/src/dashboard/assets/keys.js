// The keyboard: `/` to the filter, `j` and `k` through the entries, `a` and `d` to answer the one at
// hand (which asks again), `?` for the list of keys.

/** The entries that can be gone through. @returns {HTMLElement[]} */
const entries = () => [...document.querySelectorAll("main .entry")].map((it) => /** @type {HTMLElement} */ (it));

/** The entry at hand. @returns {HTMLElement | null} */
const current = () => document.activeElement?.closest?.(".entry") ?? null;

/** Whether somebody types, or a dialog has the keys. @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable], dialog[open]") !== null;
}

/** Goes on by so many entries. @param {number} step */
function go(step) {
  const all = entries();
  const now = current();
  const place = now ? all.indexOf(now) + step : step > 0 ? 0 : all.length - 1;
  const next = all[Math.max(0, Math.min(all.length - 1, place))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Opens a link of the entry at hand, or of the only one. @param {string} which */
function follow(which) {
  const all = entries();
  const entry = current() ?? (all.length === 1 ? all[0] : null);
  const link = entry?.querySelector(which);
  if (link instanceof HTMLElement) link.click();
}

/** Opens the list of keys. */
function help() {
  const shown = document.getElementById("help");
  if (shown instanceof HTMLDialogElement && !shown.open) shown.showModal();
}

/** @type {Record<string, () => void>} */
const KEYS = {
  "/": () => {
    const filter = document.getElementById("filter");
    if (filter instanceof HTMLInputElement) {
      filter.focus();
      filter.select();
    }
  },
  "?": help,
  a: () => follow("a.approve"),
  d: () => follow("a.deny"),
  j: () => go(1),
  k: () => go(-1),
};

/** Listens to the keys. */
export function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target)) return;
    if (event.key === "Enter" && event.target instanceof Element && event.target.matches(".entry")) {
      event.preventDefault();
      follow("a.open");
      return;
    }
    const does = KEYS[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
}
