// The dashboard of the real binary in a real browser: log-in, held calls of a real shim answered in the
// page, the policy edited, keys, channels, checks, hostile texts, accessibility, no complaint of the browser.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const BINARY = process.env.DATAFOG_TEST_BINARY;
const PICTURES = process.env.DATAFOG_TEST_PICTURES;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PASSWORD = "correct horse battery";
const SECOND = 1000;

/** Longest that anything is waited for. */
const PATIENCE = 30 * SECOND;

const HOSTILE = [
  "<script>window.ran=1</script>",
  '"><img src=x onerror=window.ran=1>',
  "'><svg onload=window.ran=1>",
  "</code></pre><iframe srcdoc='<script>parent.ran=1</script>'>",
  "javascript:window.ran=1",
];

const folder = mkdtempSync(join(tmpdir(), "datafog-browser-"));
const root = join(folder, "root");
const environment = {
  HOME: join(folder, "home"),
  PATH: `${join(root, "shims")}:/usr/local/bin:/usr/bin:/bin`,
  LANG: "C.UTF-8",
};
/** What ends with this run. @type {Array<() => unknown>} */
const endings = [];
/** What the browser complained of. @type {string[]} */
const complaints = [];

const policy = (timeout, reason = "requests are for a person to allow") => `[policy]
id = "browser"
version = "1"

[[rule]]
id = "ask-before-curl"
effect = "require_approval"
reason = "${reason}"
instead = "ask"
approval = { timeout = "${timeout}" }
match = ["curl http://127.0.0.1:9/held"]
not_match = ["cat notes.txt"]
[rule.when]
command = ["curl"]
`;

function datafog(words, input) {
  const done = spawnSync(join(root, "bin/datafog"), words, { env: environment, cwd: join(folder, "work"), input, encoding: "utf8" });
  assert.equal(done.status, 0, `datafog ${words.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

function install() {
  for (const name of ["home", "work", "root/bin"]) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(BINARY, join(root, "bin/datafog"));
  chmodSync(join(root, "bin/datafog"), 0o755);
  datafog(["hooks", "install", "curl", "cat"]);
  writeFileSync(join(root, "policy.toml"), policy("60s"), { mode: 0o600 });
  datafog(["user", "create", "ann@example.com", "--role", "admin"], `${PASSWORD}\n`);
}

/** What the program says until `pattern` is in it. */
function says(child, pattern) {
  return new Promise((found, failed) => {
    let text = "";
    const late = setTimeout(() => failed(new Error(`no ${pattern} in: ${text}`)), PATIENCE);
    const look = (piece) => {
      text += piece;
      const match = pattern.exec(text);
      if (match) {
        clearTimeout(late);
        found(match);
      }
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
  });
}

async function serve() {
  const child = spawn(join(root, "bin/datafog"), ["serve", "--addr", "127.0.0.1:0", "--channel-networks", "127.0.0.0/8"], { env: { ...environment, SMTP_SECRET_KEY: PASSWORD }, cwd: join(folder, "work") });
  endings.push(() => child.kill("SIGTERM"));
  const [, address] = await says(child, /listening on (http:\S+)/);
  return address;
}

/** A server of this machine that notes what it was asked. */
async function upstream() {
  const asked = [];
  const server = createServer((request, answer) => {
    asked.push(request.url);
    answer.end("answered\n");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  endings.push(() => server.close());
  return { asked, address: `http://127.0.0.1:${server.address().port}` };
}

/** A wrapped command at a terminal of its own, as somebody types it. */
function typed(words) {
  const line = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn("/usr/bin/script", ["-qfec", line, "/dev/null"], { env: { ...environment, SHELL: "/bin/sh" }, cwd: join(folder, "work") });
  endings.push(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (piece) => (text += piece));
  const ended = new Promise((done) => child.on("exit", (code) => done({ code, text })));
  return { ended };
}

/** The same without a terminal: it is held and returns. */
const shim = (name, ...words) =>
  spawnSync(join(root, "shims", name), words, { env: environment, cwd: join(folder, "work"), encoding: "utf8" });

async function until(what, check) {
  const start = Date.now();
  for (;;) {
    const found = await check();
    if (found) return found;
    assert.ok(Date.now() - start < PATIENCE, `never: ${what}`);
    await new Promise((wait) => setTimeout(wait, 50));
  }
}

function watch(page) {
  page.on("console", (message) => {
    // A status that the test asks for is no fault.
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
}

/** No finding of weight; the page's own policy keeps others' scripts out, so axe comes by the debugger. */
async function accessible(page, name) {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const grave = found.violations.filter((it) => ["serious", "critical"].includes(it.impact));
  const told = grave.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  assert.deepEqual(told, [], `${name}: accessibility`);
}

const picture = (page, name) => page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });

async function logIn(page, address) {
  await page.goto(`${address}/`);
  await page.waitForURL("**/ui/login**");
  await accessible(page, "log-in");
  await picture(page, "login");
  await page.getByLabel("E-mail or name").fill("ann@example.com");
  await page.getByLabel("Password").fill("wrong wrong wrong");
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("alert").getByText("wrong e-mail or password").waitFor();
  await page.getByLabel("E-mail or name").fill("ann@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await accessible(page, "overview");
  await picture(page, "overview");
  await page.getByRole("link", { name: /^Approvals/ }).first().click();
  await page.getByRole("heading", { name: "Approvals", level: 1 }).waitFor();
  await page.locator("#live[data-state=live]").waitFor();
}

/** Held at a terminal, approved in the page, then really executed. */
async function approve(page, up) {
  await page.getByText("Nothing waits for you").waitFor();
  await accessible(page, "nothing waits");
  await picture(page, "approvals-empty");
  const { ended } = typed([join(root, "shims/curl"), "-s", `${up.address}/approved`]);
  const card = page.locator("article.card", { hasText: "/approved" });
  await card.waitFor({ timeout: PATIENCE });
  assert.equal(await page.locator("#waiting").getAttribute("data-count"), "1");
  assert.match(await page.title(), /^\(1\) /);
  await accessible(page, "one waits");
  await picture(page, "approvals-light");
  await page.emulateMedia({ colorScheme: "dark" });
  // Colours pass over; half way they are neither the one nor the other.
  await page.waitForTimeout(SECOND / 2);
  await accessible(page, "one waits, dark");
  await picture(page, "approvals-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.keyboard.press("j");
  await page.keyboard.press("a");
  const sheet = page.locator("dialog#sheet[open]");
  await sheet.getByText("What the yes covers").waitFor();
  await accessible(page, "asks again");
  await picture(page, "approvals-confirm");
  assert.deepEqual(up.asked, [], "nothing ran before");
  await sheet.getByLabel("Note").fill("agreed <b id=x>");
  await sheet.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Approved. It runs").waitFor();
  const { code, text } = await ended;
  assert.equal(code, 0, text);
  assert.deepEqual(up.asked, ["/approved"], "it ran, once");
}

/** Queued without a terminal, denied in the page, and denied when it comes again. */
async function deny(page, up) {
  const held = shim("curl", "-s", `${up.address}/denied`);
  assert.equal(held.status, 126, held.stderr);
  const card = page.locator("article.card", { hasText: "/denied" });
  await card.waitFor({ timeout: PATIENCE });
  await card.getByRole("link", { name: "Deny…" }).click();
  const sheet = page.locator("dialog#sheet[open]");
  await sheet.getByLabel("Note").fill("ask for a mirror");
  await sheet.getByRole("button", { name: "Deny" }).click();
  await page.getByText("Denied. The same call").waitFor();
  const again = shim("curl", "-s", `${up.address}/denied`);
  assert.equal(again.status, 126);
  assert.match(again.stderr, /ask for a mirror/);
  assert.ok(!up.asked.includes("/denied"));
}

/** Answered at a terminal elsewhere: it goes from the page by itself. */
async function elsewhere(page, up) {
  shim("curl", "-s", `${up.address}/elsewhere`);
  const card = page.locator("article.card", { hasText: "/elsewhere" });
  await card.waitFor({ timeout: PATIENCE });
  const all = JSON.parse(datafog(["approvals", "list", "--json"]));
  const one = all.approvals.find((it) => it.state === "pending");
  const start = Date.now();
  datafog(["approvals", "deny", one.id]);
  await card.waitFor({ state: "detached", timeout: PATIENCE });
  console.log(`  answered elsewhere, gone after ${Date.now() - start} ms`);
}

/** Nobody answers in time. */
async function expire(page, up) {
  writeFileSync(join(root, "policy.toml"), policy("2s"), { mode: 0o600 });
  const { ended } = typed([join(root, "shims/curl"), "-s", `${up.address}/expired`]);
  const card = page.locator("article.card", { hasText: "/expired" });
  await card.waitFor({ timeout: PATIENCE });
  const { code } = await ended;
  assert.equal(code, 126);
  await card.waitFor({ state: "detached", timeout: PATIENCE });
  await page.locator("tr.entry", { hasText: "/expired" }).getByText("expired", { exact: true }).waitFor();
  assert.ok(!up.asked.includes("/expired"));
}

/** What became of a held call stands in the list, without loading it again and after; on its page; in the sum. */
async function became(browser, page, address, up) {
  writeFileSync(join(root, "policy.toml"), policy("60s"), { mode: 0o600 });
  const other = await page.context().newPage();
  other.setDefaultTimeout(PATIENCE);
  watch(other);
  shim("curl", "-s", `${up.address}/became`);
  await until("it is in the list", async () => {
    await other.goto(`${address}/ui/activity?q=became`);
    return (await other.locator("tr.entry").count()) > 0;
  });
  const row = other.locator("tr.entry", { hasText: "/became" }).first();
  await row.getByText("waiting", { exact: true }).waitFor();
  await other.locator("#live[data-state=live]").waitFor();
  await page.goto(`${address}/ui/overview`);
  await page.locator("#live[data-state=live]").waitFor();
  assert.equal((await page.locator("#waiting-now .number").innerText()).trim(), "1", "this machine's own queue counts");
  await page.locator("#waiting-now a").click();
  await page.waitForURL("**/ui/approvals");
  const card = page.locator("article.card", { hasText: "/became" });
  await card.getByRole("link", { name: "Deny…" }).click();
  await page.locator("dialog#sheet[open]").getByRole("button", { name: "Deny" }).click();
  await page.getByText("Denied. The same call").waitFor();
  await row.getByText("by user ann@example.com").waitFor();
  assert.equal(await row.getByText("waiting", { exact: true }).count(), 0, "told without loading");
  await other.reload();
  await row.getByText("by user ann@example.com").waitFor();
  await row.locator("a.open").click();
  await other.locator("#became").getByText("denied", { exact: true }).first().waitFor();
  await accessible(other, "what became of it");
  await picture(other, "decision-denied");
  await other.goto(`${address}/ui/activity?by=session&q=became`);
  await other.getByText("of those held: 1 denied").first().waitFor();
  await other.close();
}

/** A decision becomes a test of the draft, runs there, and stands with its rule once it is saved. */
async function tested(page, address) {
  await page.goto(`${address}/ui/activity?q=became`);
  await page.locator("tr.entry a.open").first().click();
  await page.getByRole("link", { name: "Try a draft on this" }).click();
  await page.locator("#one").getByText("By the draft").waitFor();
  await accessible(page, "one decision under a draft");
  await picture(page, "simulation-one");
  await page.goBack();
  await page.getByRole("link", { name: "Add a test of this to the draft" }).click();
  await page.getByText("A test made of the decision stands").waitFor();
  await page.locator("#tried .good").getByText("1 tests hold").waitFor({ timeout: PATIENCE });
  const tests = page.locator("#policy-tests");
  const right = await tests.inputValue();
  await tests.fill(right.replace('expect = "require_approval"', 'expect = "allow"'));
  await page.locator("#tried .bad").getByText("1 of 1 tests fail").waitFor({ timeout: PATIENCE });
  await accessible(page, "a test fails");
  await tests.fill(right);
  await page.locator("#tried .good").waitFor({ timeout: PATIENCE });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. It is in force").waitFor();
  assert.match(readFileSync(join(root, "policy.test.toml"), "utf8"), /expect = "require_approval"/);
  const rule = page.locator("tr.entry", { hasText: "ask-before-curl" });
  await rule.getByText(/tests hold/).waitFor();
  await accessible(page, "rules with tests");
  await picture(page, "policy-tests");
  await rule.locator("a.number").click();
  await page.waitForURL("**/ui/activity?rule=ask-before-curl");
  assert.match(await page.locator("main p.quiet").first().innerText(), /^[1-9]\d* of them/);
}

/** A value that was found is ignored, fixed, and open again once it is seen again. */
async function findings(page, address) {
  const secret = ["ghp_FbY8NwcUeb4c0wrU", "GZECjUYrZUPet91VOUZ4"].join("");
  shim("curl", "-s", "-d", secret, "http://127.0.0.1:9/finding");
  await until("it is found", async () => {
    await page.goto(`${address}/ui/findings`);
    return (await page.locator("article.card").count()) > 0;
  });
  await accessible(page, "findings");
  assert.ok(!(await page.content()).includes(secret), "never by itself");
  const say = async (button, reason) => {
    const card = page.locator("article.card").first();
    await card.getByText("Say what became of it…").click();
    await card.getByLabel("Why").fill(reason);
    await picture(page, "findings");
    await card.getByRole("button", { name: button }).click();
    await page.waitForURL("**/ui/findings?**");
  };
  await say("It needs nothing", HOSTILE[1]);
  await page.getByRole("link", { name: /^Ignored/ }).click();
  await page.locator("article.card").getByText("ignored", { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => window.ran), undefined, "a reason");
  await accessible(page, "an ignored finding");
  await say("It is fixed", "rotated");
  await page.getByRole("link", { name: /^Fixed/ }).click();
  await page.locator("article.card").getByText("fixed", { exact: true }).first().waitFor();
  shim("curl", "-s", "-d", secret, "http://127.0.0.1:9/again");
  await until("it is open again", async () => {
    await page.goto(`${address}/ui/findings`);
    return (await page.getByText("open again").count()) > 0;
  });
  await picture(page, "findings-again");
}

/** Logging out ends the visit: a cookie that was copied before opens nothing. */
async function leave(browser, page, address) {
  const copied = await page.context().cookies();
  await page.goto(`${address}/ui/overview`);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL("**/ui/login");
  const thief = await browser.newContext();
  await thief.addCookies(copied);
  const other = await thief.newPage();
  await other.goto(`${address}/ui/overview`);
  await other.waitForURL("**/ui/login**");
  await thief.close();
  await page.getByLabel("E-mail or name").fill("ann@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await until("log-ins are in the chain", async () => {
    await page.goto(`${address}/ui/drift`);
    return (await page.locator("section[aria-labelledby=visits] tr.entry", { hasText: "log-out" }).count()) > 0;
  });
  await page.locator("section[aria-labelledby=visits]").getByText("refused", { exact: true }).first().waitFor();
  await accessible(page, "who came in");
  await picture(page, "drift");
}

/** Edited with a mistake, which is shown and not saved; then rightly, and in force within a second. */
async function edit(page, up) {
  await page.getByRole("link", { name: "Policy", exact: true }).click();
  await page.getByRole("heading", { name: "Policy", level: 1 }).waitFor();
  await page.getByText("ask-before-curl").first().waitFor();
  await accessible(page, "policy");
  await picture(page, "policy");
  await page.locator("#filter").fill("ask-before-curl");
  await page.keyboard.press("Enter");
  await page.waitForURL("**q=ask-before-curl**");
  assert.equal(await page.locator("tbody tr.entry").count(), 1);
  await page.reload();
  assert.equal(await page.locator("#filter").inputValue(), "ask-before-curl", "filters outlive a reload");
  await page.goBack();
  assert.ok((await page.locator("tbody tr.entry").count()) > 1, "and the way back");
  await page.getByRole("link", { name: "Edit" }).click();
  const text = page.locator("#policy");
  const good = (await text.inputValue()).replace('effect = "require_approval"', 'effect = "deny"').replace(/approval = .*\n/, "");
  await text.fill(good.replace("effect =", "efect ="));
  await page.locator("#lint .bad").waitFor({ timeout: PATIENCE });
  assert.match(await page.locator("#lint").innerText(), /policy\.toml:\d+:\d+ error/);
  await accessible(page, "a mistake");
  await picture(page, "policy-mistake");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("the policy does not load; nothing is changed").waitFor();
  assert.equal(await page.locator("#policy").inputValue(), good.replace("effect =", "efect ="), "the text is kept");
  assert.match(readFileSync(join(root, "policy.toml"), "utf8"), /require_approval/);
  await page.locator("#policy").fill(good);
  await page.locator("#lint .good").waitFor({ timeout: PATIENCE });
  await page.getByLabel("What changes, and why").fill("requests are denied");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. It is in force").waitFor();
  const stopped = shim("curl", "-s", `${up.address}/after`);
  assert.equal(stopped.status, 126, "in force at once");
  assert.match(stopped.stderr, /decision=deny/);
  await page.getByRole("link", { name: "Versions" }).click();
  await page.getByRole("link", { name: "Version 1" }).click();
  await page.getByText("What putting it back would change").waitFor();
  await accessible(page, "a version");
  await picture(page, "policy-version");
  await page.getByRole("button", { name: "Put this version back" }).click();
  await page.waitForURL("**done=restored**");
  assert.match(readFileSync(join(root, "policy.toml"), "utf8"), /require_approval/);
}

/** Two who edit at once: the second is told. */
async function conflict(page, address) {
  await page.goto(`${address}/ui/policy/edit`);
  writeFileSync(join(root, "policy.toml"), policy("30s"), { mode: 0o600 });
  await page.locator("#policy").fill(policy("10s"));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("somebody else changed the policy meanwhile").waitFor();
  assert.match(readFileSync(join(root, "policy.toml"), "utf8"), /30s/);
}

async function people(page, address) {
  await page.goto(`${address}/ui/keys`);
  await page.getByText("Make a key").click();
  const form = page.locator("form[action='/ui/keys']");
  await form.getByLabel("Name").fill("laptop");
  await form.getByRole("button", { name: "Make the key" }).click();
  const key = (await page.locator("#new-key").innerText()).trim();
  assert.match(key, /^dfg_[0-9a-f]{8}_[0-9a-f]+$/);
  const ask = (shown) => fetch(`${address}/v1/policy/version`, { headers: { "x-api-key": shown } });
  assert.equal((await ask(key)).status, 200);
  const receipts = datafog(["receipts", "list", "--json"]);
  assert.match(receipts, /user ann@example\.com asks in the dashboard: make key laptop/, "the gate's receipt names who asks");
  await accessible(page, "keys");
  await picture(page, "keys");
  const row = page.locator("tr.entry", { hasText: "laptop" });
  await row.getByText("Revoke…").click();
  await row.getByRole("button", { name: /Revoke/ }).click();
  await row.getByText("void").waitFor();
  assert.ok(!(await page.content()).includes(key), "shown once");
  await until("a revoked key is refused", async () => (await ask(key)).status === 401);
}

async function house(page, address) {
  for (const [path, heading, name] of [
    ["/ui/integrity", "Integrity", "integrity"],
    ["/ui/settings", "Settings", "settings"],
    ["/ui/checks", "Set-up", "checks"],
  ]) {
    await page.goto(`${address}${path}`);
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    if (name === "integrity") {
      await page.getByRole("button", { name: "Verify now" }).click();
      const intact = page.getByText("intact", { exact: true });
      await until("the store and the ledger are read", async () => (await intact.count()) === 2);
    }
    if (name === "checks") {
      await page.getByRole("button", { name: "Ask every shell, too" }).click();
      await page.getByRole("heading", { name: "With every shell" }).waitFor({ timeout: 4 * PATIENCE });
    }
    await accessible(page, name);
    await picture(page, name);
  }
}

/** Somebody is told: a channel is added, tested with nobody there and with somebody, and removed. */
async function channels(page, address) {
  const came = [];
  const receiver = createServer((request, answer) => {
    let text = "";
    request.on("data", (piece) => (text += piece));
    request.on("end", () => {
      came.push({ headers: request.headers, body: JSON.parse(text) });
      answer.writeHead(came.length === 1 ? 500 : 204).end();
    });
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", () => resolve(undefined)));
  const place = receiver.address();
  const port = place && typeof place === "object" ? place.port : 0;
  await page.goto(`${address}/ui/settings`);
  await page.getByText("Add a channel", { exact: true }).click();
  const form = page.locator("form[action='/ui/channels']");
  await form.getByLabel("Name").fill("<b>ops</b>");
  await form.getByLabel("Webhook, Slack, Teams: the address").fill(`http://127.0.0.1:${port}/?token=tokentokentoken`);
  await accessible(page, "channel-form");
  await form.getByRole("button", { name: "Add the channel" }).click();
  assert.match(await page.locator("#new-secret").innerText(), /^[0-9a-f]{64}$/);
  const row = page.locator("tr.entry", { hasText: "<b>ops</b>" });
  await row.getByRole("button", { name: "Send a test" }).click();
  await page.getByText("It was not told").waitFor();
  await row.getByRole("button", { name: "Send a test" }).click();
  await page.getByText("It was told.").waitFor();
  assert.equal(came.at(-1).body.event, "test");
  assert.match(came.at(-1).headers["datafog-signature"], /^t=\d+,v1=[0-9a-f]{64}$/);
  assert.ok(!(await page.content()).includes("tokentokentoken"), "the address is not shown");
  await accessible(page, "channels");
  await picture(page, "channels");
  await row.getByText("Remove…").click();
  await row.getByRole("button", { name: "Remove it" }).click();
  await page.getByText("Nobody is told yet").waitFor();
  receiver.close();
}

/** Commands made of what would run if it were not escaped. */
async function hostile(page, address) {
  writeFileSync(join(root, "policy.toml"), policy("0s", "<script>window.ran=1</script> <img src=x onerror=window.ran=1>"), { mode: 0o600 });
  for (const text of HOSTILE) shim("curl", "-s", "-H", `x: ${text}`, `http://127.0.0.1:9/${encodeURIComponent(text)}`, "-o", text);
  await page.goto(`${address}/ui/approvals`);
  await until("they wait", async () => (await page.locator("article.card").count()) >= HOSTILE.length);
  const places = ["/ui/activity", "/ui/activity?by=session", "/ui/findings?state=all", "/ui/drift", "/ui/overview"];
  for (const path of ["/ui/approvals", "/ui/policy", ...places, `/ui/approvals?q=${encodeURIComponent(HOSTILE[1])}`]) {
    await page.goto(`${address}${path}`);
    assert.equal(await page.evaluate(() => window.ran), undefined, path);
    assert.equal(await page.locator("main img, main iframe, main script, main svg[onload]").count(), 0, path);
  }
  await page.goto(`${address}/ui/approvals`);
  await page.locator("a.deny").first().click();
  const sheet = page.locator("dialog#sheet[open]");
  await sheet.getByLabel("Note").fill(HOSTILE[1]);
  await sheet.getByRole("button", { name: "Deny" }).click();
  await page.getByText("Denied. The same call").waitFor();
  assert.equal(await page.evaluate(() => window.ran), undefined, "a note");
  await page.setViewportSize({ width: 390, height: 844 });
  await accessible(page, "phone");
  await picture(page, "approvals-phone");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `a phone scrolls sideways by ${wide}`);
  await page.setViewportSize({ width: 1280, height: 860 });
}

/** The whole of it without script. */
async function plain(browser, address, cookies) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  await context.addCookies(cookies);
  const page = await context.newPage();
  await page.goto(`${address}/ui/approvals`);
  await page.getByRole("link", { name: "Deny…" }).first().click();
  await page.getByRole("button", { name: "Deny" }).click();
  await page.getByText("Denied. The same call").waitFor();
  await picture(page, "without-script");
  await context.close();
}

/** The link of `serve --open`, once. */
async function open(browser) {
  const words = [join(root, "bin/datafog"), "serve", "--addr", "127.0.0.1:0", "--open"].join(" ");
  const child = spawn("/usr/bin/script", ["-qfec", words, "/dev/null"], { env: { ...environment, SHELL: "/bin/sh" }, cwd: join(folder, "work") });
  endings.push(() => child.kill("SIGKILL"));
  const nobody = spawnSync(join(root, "bin/datafog"), ["serve", "--addr", "127.0.0.1:0", "--open"], { env: environment, cwd: join(folder, "work"), stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", timeout: PATIENCE });
  assert.equal(nobody.status, 1, nobody.stderr);
  assert.match(nobody.stderr, /no(body)? .*terminal|is none here/);
  const [, link] = await says(child, /(http:\S+\/ui\/enter#[0-9a-f]{64})/);
  const context = await browser.newContext();
  const page = await context.newPage();
  watch(page);
  await page.goto(link);
  await page.waitForURL("**/ui/overview**");
  await page.getByText("at this machine", { exact: false }).first().waitFor();
  await context.close();
  const other = await browser.newContext();
  const late = await other.newPage();
  await late.goto(link);
  await late.getByText("the link was used, or its two minutes are over").waitFor();
  await other.close();
  child.kill("SIGTERM");
}

async function help(page) {
  await page.keyboard.press("?");
  await page.locator("dialog#help[open]").waitFor();
  await accessible(page, "help");
  await picture(page, "help");
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "filter");
}

async function all() {
  install();
  const [address, up] = [await serve(), await upstream()];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  endings.push(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: "light" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  watch(page);
  const steps = [
    ["logs in", () => logIn(page, address)],
    ["a held call is approved and runs", () => approve(page, up)],
    ["one is denied", () => deny(page, up)],
    ["one is answered elsewhere", () => elsewhere(page, up)],
    ["one expires", () => expire(page, up)],
    ["what became of it is told everywhere", () => became(browser, page, address, up)],
    ["a decision becomes a test", () => tested(page, address)],
    ["findings have states", () => findings(page, address)],
    ["keys", async () => {
      await page.goto(`${address}/ui/approvals`);
      await help(page);
    }],
    ["the policy is edited", () => edit(page, up)],
    ["of two who edit the second is told", () => conflict(page, address)],
    ["a key is made and revoked", () => people(page, address)],
    ["the house", () => house(page, address)],
    ["somebody is told", () => channels(page, address)],
    ["hostile texts do nothing", () => hostile(page, address)],
    ["without script", async () => plain(browser, address, await context.cookies())],
    ["the one-time link", () => open(browser)],
    ["logging out ends the visit", () => leave(browser, page, address)],
  ];
  for (const [name, step] of steps) {
    const start = Date.now();
    try {
      await step();
    } catch (error) {
      await picture(page, "failed").catch(() => {});
      throw new Error(`${name}: ${error.message}`, { cause: error });
    }
    console.log(`ok  ${name} (${Date.now() - start} ms)`);
  }
  assert.deepEqual(complaints, [], "the browser complains of nothing");
}

let status = 0;
try {
  await all();
  console.log(`pictures are in ${PICTURES}`);
} catch (error) {
  console.error(error);
  status = 1;
}
for (const end of endings.reverse()) await end();
if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
process.exit(status);
