// Keeps the page current: listens by WebSocket, and asks again for the parts that say they are live.
// The mark in the bar says whether that works. After a break everything is asked for anew.

import { tellAll } from "./time.js";

/** @typedef {{ kind: string, id?: string, approval?: string | null }} Moved */

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15000;

/** Nothing for that long: the line is dead, whatever the browser thinks. */
const SILENCE = 40000;

/** @type {Set<string>} */
const asked = new Set();
/** @type {Set<string>} */
const again = new Set();

/**
 * Puts what the server says now in the place of what is shown, entry by entry: what is the same stays
 * untouched, and so do focus and what somebody is typing.
 * @param {Element} shown
 * @param {Element} now
 */
function replace(shown, now) {
  const focused = shown.contains(document.activeElement) ? document.activeElement : null;
  const id = focused?.closest("[id]")?.id;
  const opened = [...shown.querySelectorAll("details[open][id]")].map((it) => it.id);
  shown.replaceChildren(...now.childNodes);
  for (const name of opened) document.getElementById(name)?.setAttribute("open", "");
  tellAll(shown);
  if (!focused || !id) return;
  const same = document.getElementById(id);
  // What had the focus is gone: the keyboard goes on from the part, not from the top of the page.
  const target = same ?? /** @type {HTMLElement | null} */ (shown.closest("main"));
  target?.focus({ preventScroll: true });
}

/**
 * Asks for a part of the page and shows it.
 * @param {string} address
 */
export async function refresh(address) {
  if (asked.has(address)) {
    again.add(address);
    return;
  }
  asked.add(address);
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" }, redirect: "manual" });
    if (answer.status === 401 || answer.type === "opaqueredirect") {
      mark("stale", "logged out");
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const now of page.querySelectorAll("body > [id]")) {
      const shown = document.getElementById(now.id);
      if (!shown) continue;
      if (now.id === "waiting") {
        shown.hidden = now.hasAttribute("hidden");
        shown.dataset.count = now.getAttribute("data-count") ?? "0";
      }
      replace(shown, now);
    }
    title();
    document.dispatchEvent(new CustomEvent("datafog:shown", { detail: { address } }));
  } catch {
    mark("stale", "stale: the server does not answer");
  } finally {
    asked.delete(address);
    if (again.delete(address)) void refresh(address);
  }
}

/** The number of what waits stands in the title of the tab, too. */
function title() {
  const waiting = Number(document.getElementById("waiting")?.dataset.count ?? "0");
  const plain = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting > 0 ? `(${waiting}) ${plain}` : plain;
}

/**
 * Asks for every part that is concerned.
 * @param {string} kind what happened; `here` concerns everything
 */
function refreshAll(kind) {
  /** @type {Set<string>} */
  const addresses = new Set();
  for (const part of document.querySelectorAll("[data-live]")) {
    const { live, kinds } = /** @type {HTMLElement} */ (part).dataset;
    if (live && (kind === "here" || !kinds || kinds.split(" ").includes(kind))) addresses.add(live);
  }
  for (const address of addresses) void refresh(address);
}

/**
 * Says in the bar how current the page is: by a word, and by a colour besides.
 * @param {"live" | "stale"} state
 * @param {string} word
 */
function mark(state, word) {
  const shown = document.getElementById("live");
  const text = shown?.querySelector(".word");
  if (!shown || !text) return;
  shown.dataset.state = state;
  if (text.textContent !== word) text.textContent = word;
}

/** Begins, and goes on for as long as the page is open. */
export function live() {
  if (!document.getElementById("live")) return;
  title();
  let pause = FIRST_PAUSE;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;
  let isFirst = true;

  function connect() {
    const address = new URL("/ui/live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), SILENCE);
    };
    socket.addEventListener("open", listen);
    socket.addEventListener("message", (event) => {
      listen();
      /** @type {Moved} */
      const moved = JSON.parse(String(event.data));
      pause = FIRST_PAUSE;
      mark("live", "live");
      if (moved.kind === "beat") {
        socket.send("here");
        return;
      }
      // A page that was just made is current; one that lost the line is not.
      if (moved.kind !== "here" || !isFirst) refreshAll(moved.kind);
      isFirst = false;
      document.dispatchEvent(new CustomEvent("datafog:moved", { detail: moved }));
    });
    socket.addEventListener("close", () => {
      clearTimeout(silence);
      isFirst = false;
      mark("stale", "stale: reconnecting");
      const wait = pause * (0.5 + Math.random());
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      setTimeout(connect, wait);
    });
  }

  connect();
  document.addEventListener("datafog:over", () => refreshAll("answered"));
  addEventListener("pageshow", (event) => {
    if (event.persisted) refreshAll("here");
  });
}
