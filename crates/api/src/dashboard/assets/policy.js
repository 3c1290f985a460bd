// Says what is wrong with the policy while it is typed, by line; a click goes there.

/** @typedef {{ level: string, line: number, column: number, message: string, fix: string | null }} Found */
/** @typedef {{ line: number, name: string, fault: string | null }} Tried */
/** @typedef {{ usable: boolean, examples: number, found: Found[], tests: Tried[] }} Told */

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

/**
 * Shows what came of the tests.
 * @param {HTMLElement} place
 * @param {Told} told
 */
function showTests(place, told) {
  const failed = told.tests.filter((it) => it.fault !== null);
  const head = document.createElement("p");
  if (!told.usable) head.textContent = "Tests are run once the policy loads.";
  else if (told.tests.length === 0) head.textContent = "No test.";
  else if (failed.length === 0) head.textContent = `${told.tests.length} tests hold.`;
  else head.textContent = `${failed.length} of ${told.tests.length} tests fail.`;
  head.className = failed.length > 0 ? "bad" : told.tests.length > 0 ? "good" : "quiet";
  const list = document.createElement("ul");
  list.className = "lines";
  for (const one of failed.slice(0, 50)) {
    const item = document.createElement("li");
    item.textContent = `policy.test.toml:${one.line} ${one.name}: ${one.fault}`;
    list.append(item);
  }
  place.replaceChildren(head, list);
}

/** Listens to the editor, where the page has one. */
export function policy() {
  const text = document.getElementById("policy");
  const place = document.getElementById("lint");
  const tests = document.getElementById("policy-tests");
  const tried = document.getElementById("tried");
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
      tests: tests instanceof HTMLTextAreaElement ? tests.value : "",
    });
    try {
      const answer = await fetch(address, { method: "POST", body });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = /** @type {Told} */ (await answer.json());
      if (number !== last || !place) return;
      show(place, /** @type {HTMLTextAreaElement} */ (text), told);
      if (tried) showTests(tried, told);
    } catch {
      if (number === last && place) place.textContent = "It cannot be looked at just now; saving looks at it again.";
    }
  }
  for (const field of [text, tests]) {
    field?.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(look, PAUSE);
    });
  }
  addEventListener("beforeunload", (event) => {
    const isChanged = [text, tests].some((it) => it instanceof HTMLTextAreaElement && it.value !== it.defaultValue);
    if (isChanged && !sent) event.preventDefault();
  });
  let sent = false;
  text.form?.addEventListener("submit", () => (sent = true));
  void look();
}
