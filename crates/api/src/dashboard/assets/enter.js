// Sends what stands behind the `#` of a one-time link, and takes it out of the history first.

/** Comes in by the link, where this is its page. */
export function enter() {
  const form = document.getElementById("enter");
  const field = document.getElementById("code");
  const code = location.hash.slice(1);
  if (!(form instanceof HTMLFormElement) || !(field instanceof HTMLInputElement) || !code) return;
  history.replaceState(null, "", location.pathname);
  field.value = code;
  form.submit();
}
