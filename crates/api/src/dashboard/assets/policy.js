// Says what is wrong with the policy while it is typed, by line; a click goes there.

/** @typedef {{ level: string, line: number, column: number, message: string, fix: string | null }} Found */
/** @typedef {{ usable: boolean, examples: number, found: Found[] }} Told */

/** How long nobody has to type before it is looked at. */
const PAUSE = 350;

/**
 * Puts the cursor at a line of the text.
 * @param {HTMLTextAreaElement} text
 * @param {number} line
 */
function go(text, line) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, it) => sum + it.length + 1, 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  const height = parseFloat(getComputedStyle(text).lineHeight) || 20;
  text.scrollTop = Math.max(0, (line - 4) * height);
}

/**
 * Shows what was said of the text.
 * @param {HTMLElement} place
 * @param {HTMLTextAreaElement} text
 * @param {Told} told
 */
function show(place, text, told) {
  const head = document.createElement("p");
  const errors = told.found.filter((it) => it.level === "error").length;
  head.className = told.usable ? "good" : "bad";
  head.textContent = told.usable
    ? `It loads. ${told.examples} examples hold. ${told.found.length} remarks.`
    : `It does not load: ${errors} ${errors === 1 ? "mistake" : "mistakes"}.`;
  const list = document.createElement("ul");
  list.className = "lines";
  for (const one of told.found.slice(0, 50)) {
    const item = document.createElement("li");
    const link = document.createElement("button");
    link.type = "button";
    link.className = "link";
    link.textContent = `policy.toml:${one.line}:${one.column}`;
    link.addEventListener("click", () => go(text, one.line));
    const fix = document.createElement("span");
    fix.className = "note";
    fix.textContent = one.fix ?? "";
    item.append(link, ` ${one.level}: ${one.message}`, fix);
    list.append(item);
  }
  place.replaceChildren(head, list);
}

/** Listens to the editor, where the page has one. */
export function policy() {
  const text = document.getElementById("policy");
  const place = document.getElementById("lint");
  if (!(text instanceof HTMLTextAreaElement) || !place) return;
  const address = text.dataset.lint ?? "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let wait;
  let last = 0;
  async function look() {
    const number = ++last;
    const body = new URLSearchParams({
      form_token: document.body.dataset.token ?? "",
      text: /** @type {HTMLTextAreaElement} */ (text).value,
    });
    try {
      const answer = await fetch(address, { method: "POST", body });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = /** @type {Told} */ (await answer.json());
      if (number === last && place) show(place, /** @type {HTMLTextAreaElement} */ (text), told);
    } catch {
      if (number === last && place) place.textContent = "It cannot be looked at just now; saving looks at it again.";
    }
  }
  text.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(look, PAUSE);
  });
  addEventListener("beforeunload", (event) => {
    if (text.value !== text.defaultValue && !sent) event.preventDefault();
  });
  let sent = false;
  text.form?.addEventListener("submit", () => (sent = true));
  void look();
}
