// Says on a list how much came since it was made. It asks each second while somebody looks: what this
// machine records itself is told by no socket.

const OFTEN = 1000;

/** Asks once. @param {HTMLElement} shown */
async function ask(shown) {
  const address = shown.dataset.news;
  if (!address) return;
  const answer = await fetch(address, { headers: { accept: "text/html" }, redirect: "manual" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.getElementById("news");
  if (now && now.textContent !== shown.textContent) shown.replaceChildren(...now.childNodes);
}

/** Begins where a list says where to ask. */
export function news() {
  const shown = document.getElementById("news");
  if (!shown) return;
  let isAsking = false;
  setInterval(async () => {
    if (document.hidden || isAsking) return;
    isAsking = true;
    try {
      await ask(shown);
    } catch {
      // The bar says when the server is gone.
    } finally {
      isAsking = false;
    }
  }, OFTEN);
}
