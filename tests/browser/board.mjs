// Drives the pages about receipts of the real binary, on made-up data: every number leads to its list, filters
// survive reloading and going back, a draft is tried on 10,000 receipts, accessibility, the console. The
// pictures of the README (docs/images) are two of those that this makes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

const binary = process.env.DATAFOG_TEST_BINARY ?? "";
const pictures = process.env.DATAFOG_TEST_PICTURES ?? ".";
const receipts = process.env.DATAFOG_TEST_RECEIPTS ?? "10000";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PAGES = [
  "overview",
  "activity",
  "activity?by=session",
  "findings",
  "drift",
  "simulation",
  "approvals",
  "policy",
  "policy/versions",
  "integrity",
  "keys",
  "settings",
  "checks",
];

/** Starts a demo; where it listens, and its first key. */
async function demo() {
  const root = mkdtempSync(join(tmpdir(), "datafog-board-"));
  const child = spawn(binary, ["demo", "--root", root, "--receipts", receipts, "--addr", "127.0.0.1:0"], {
    env: { HOME: root, PATH: "/usr/bin:/bin" },
  });
  const said = { out: "", err: "" };
  child.stdout.on("data", (text) => (said.out += text));
  child.stderr.on("data", (text) => (said.err += text));
  for (let tries = 0; tries < 600; tries += 1) {
    const address = /listening on (\S+)/.exec(said.err)?.[1];
    const key = /dfg_\S+/.exec(said.out)?.[0];
    if (address && key) return { child, root, address, key };
    await new Promise((then) => setTimeout(then, 100));
  }
  throw new Error(`no demo: ${said.err}`);
}

/** A page of a browser whose complaints are kept. */
async function opened(browser, look, faults) {
  const context = await browser.newContext(look);
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && faults.push(`${page.url()}: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  return page;
}

async function login(page, { address, key }) {
  await page.goto(`${address}/ui/`);
  await page.click("summary");
  await page.fill("input[name=key]", key);
  await page.click("text=Log in with the key");
  await page.waitForSelector("nav.pages");
}

/** Serious faults of accessibility on the page. */
async function inspected(page) {
  // The page's own policy forbids scripts from elsewhere; this one is run by the debugger.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations);
  return found.filter((it) => ["serious", "critical"].includes(it.impact)).map((it) => `${it.id}: ${it.nodes[0].html}`);
}

async function filtersSurvive(page, address) {
  await page.goto(`${address}/ui/activity`);
  await page.selectOption("select[name=verdict]", "deny");
  await page.fill("#filter", "git");
  await page.click("form.rows button[type=submit]");
  await page.waitForURL(/verdict=deny/);
  const first = await page.textContent("table.activity tbody");
  await page.reload();
  assert.equal(await page.inputValue("#filter"), "git");
  assert.equal(await page.inputValue("select[name=verdict]"), "deny");
  assert.match(page.url(), /q=git/);
  await page.click("table.activity a.open");
  await page.waitForSelector("#proof");
  await page.goBack();
  assert.equal(await page.inputValue("select[name=verdict]"), "deny");
  assert.equal((await page.textContent("table.activity tbody"))?.length, first?.length);
}

async function numbersLead(page, address) {
  await page.goto(`${address}/ui/overview?from=30d`);
  const tiles = await page.$$eval(".tile a.number", (all) => all.map((it) => [it.getAttribute("href"), it.textContent]));
  assert.ok(tiles.length >= 6);
  for (const [path, count] of tiles.slice(1)) {
    await page.goto(`${address}${path}`);
    const said = await page.textContent("main p.quiet");
    assert.ok(said?.startsWith(`${count} of them`), `${path}: ${count}, ${said}`);
  }
}

/** An export is sent in parts and is whole. */
async function exported(page, address) {
  await page.goto(`${address}/ui/activity`);
  const total = Number(/^(\d+) of them/.exec((await page.textContent("main p.quiet")) ?? "")?.[1]);
  for (const [form, head] of [["csv", 1], ["jsonl", 0]]) {
    const lines = await page.evaluate(async (path) => {
      const answer = await fetch(path);
      return (await answer.text()).split("\n").length - 1;
    }, `/ui/activity/export?form=${form}`);
    assert.equal(lines, total + head, form);
  }
}

async function draftIsTried(page, address) {
  await page.goto(`${address}/ui/simulation`);
  const draft = await page.inputValue("textarea[name=draft]");
  const rule = '\n[[rule]]\nid = "no-status"\neffect = "deny"\nreason = "tried"\n[rule.when]\ncommand = "git"\nsubcommand = "status"\n';
  await page.fill("textarea[name=draft]", draft + rule);
  await page.selectOption("select[name=span]", "30d");
  await page.click("text=Simulate");
  await page.waitForSelector("#result");
  const said = await page.textContent("#result");
  assert.match(said ?? "", /[1-9]\d* decisions change/);
  assert.match(said ?? "", /no-status/);
  assert.match(said ?? "", /were not verified for this/);
  const [, receiptsTried, again] = /(\d+) receipts, (\d+) judged again/.exec(said ?? "") ?? [];
  console.log(`simulation: ${again} of ${receiptsTried} judged again`);
  console.log(await page.locator("#result details").allTextContents());
  await page.screenshot({ path: join(pictures, "simulation.png") });
}

const server = await demo();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const faults = [];
try {
  const looks = {
    light: { viewport: { width: 1280, height: 860 }, colorScheme: "light" },
    dark: { viewport: { width: 1280, height: 860 }, colorScheme: "dark" },
    phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", isMobile: true },
  };
  for (const [name, look] of Object.entries(looks)) {
    const page = await opened(browser, look, faults);
    await login(page, server);
    // Everything is read before it is counted.
    for (let tries = 0; tries < 100; tries += 1) {
      await page.goto(`${server.address}/ui/overview?from=30d`);
      if (!(await page.textContent("main"))?.includes("still being read")) break;
      await page.waitForTimeout(300);
    }
    for (const path of PAGES) {
      await page.goto(`${server.address}/ui/${path}${path === "overview" ? "?from=30d" : ""}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name} ${path} is ${wide} too wide`);
      const found = await inspected(page);
      assert.deepEqual(found, [], `${name} ${path}`);
      assert.ok((await page.textContent("main"))?.includes("Everything here is made up"), `${path} says that it is a demo`);
      await page.screenshot({ path: join(pictures, `${path.replace(/\W/g, "-")}-${name}.png`) });
    }
    await page.goto(`${server.address}/ui/activity?verdict=transform`);
    await page.click("table.activity a.open");
    await page.waitForSelector("#proof");
    assert.deepEqual(await inspected(page), [], `${name} decision`);
    await page.screenshot({ path: join(pictures, `decision-${name}.png`), fullPage: true });
    if (name === "light") {
      await filtersSurvive(page, server.address);
      await numbersLead(page, server.address);
      await exported(page, server.address);
      await draftIsTried(page, server.address);
    }
    await page.context().close();
  }
  assert.deepEqual(faults, []);
  console.log("pages about receipts: good");
} finally {
  await browser.close();
  server.child.kill("SIGTERM");
  rmSync(server.root, { recursive: true, force: true });
}
