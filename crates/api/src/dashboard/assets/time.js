// Shows moments in the viewer's own zone: how long ago, or how much is left, with the exact one on
// hover. What the server wrote, in UTC, stands in the `datetime` of the element.

const UNITS = /** @type {const} */ ([
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
]);

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "long",
});

/**
 * How long ago, or until when, in the largest unit.
 * @param {number} seconds from now; negative for what is past
 * @returns {string}
 */
export function ago(seconds) {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return Math.abs(seconds) < 1 ? "now" : relative.format(Math.trunc(seconds / size), unit);
}

/**
 * What is left, exact to the second below an hour: a person watches it.
 * @param {number} seconds
 * @returns {string}
 */
export function left(seconds) {
  if (seconds <= 0) return "over";
  const whole = Math.ceil(seconds);
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min left`;
  const rest = String(whole % 60).padStart(2, "0");
  return whole >= 60 ? `${Math.floor(whole / 60)}:${rest} min left` : `${whole} s left`;
}

/** @param {HTMLTimeElement} element */
function tell(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const seconds = (moment.getTime() - Date.now()) / 1000;
  const isLeft = element.dataset.time === "left";
  const text = isLeft ? left(seconds) : ago(seconds);
  if (element.textContent !== text) element.textContent = text;
  element.title = exact.format(moment);
  if (!isLeft) return;
  element.classList.toggle("urgent", seconds < 60);
  if (seconds > 0 || element.dataset.over) return;
  element.dataset.over = "yes";
  // What nobody answered in time changes nothing by itself: whoever shows it looks again.
  setTimeout(() => document.dispatchEvent(new CustomEvent("datafog:over")), 1000);
}

/** Tells every moment below an element anew. @param {ParentNode} root */
export function tellAll(root) {
  for (const element of root.querySelectorAll("time[data-time]")) {
    tell(/** @type {HTMLTimeElement} */ (element));
  }
}

/** Keeps every moment of the page told. */
export function times() {
  tellAll(document);
  setInterval(() => {
    if (!document.hidden) tellAll(document);
  }, 1000);
  document.addEventListener("visibilitychange", () => tellAll(document));
}
