/** The page in a browser, over a simulated fleet whose time the tests move on. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { requireParts } from "../support/parts.ts";
import { contrastProblems } from "./fixtures/contrast.ts";
import { buildPages } from "./fixtures/pages.ts";
import { SimulatedConsole, type SimulatedConsoleOptions } from "./fixtures/server.ts";

const parts = requireParts("chromium");
const nowMs = Date.UTC(2026, 5, 15, 10, 30, 5);
const small = {
  devices: 20,
  sites: 2,
  faults: { spike: 0.01, late: 0.01, lateMs: 3000, duplicate: 0.01, malformed: 0.01 },
};

let browser: Browser;
let pages: Awaited<ReturnType<typeof buildPages>>;

before(async () => {
  if (parts.options.skip !== false) return;
  pages = await buildPages();
  browser = await chromium.launch(await parts.chromium());
});

after(async () => {
  await browser?.close();
  await pages?.remove();
});

interface Opened {
  readonly page: Page;
  readonly simulated: SimulatedConsole;
  /** Errors and warnings that the browser told, content policy included. */
  readonly told: string[];
}

/** A fleet with a minute of history and a page on it; a page that the browser complains about fails the test. */
async function open(
  t: TestContext,
  options: SimulatedConsoleOptions = {},
  context: BrowserContextOptions = {},
): Promise<Opened> {
  const simulated = await SimulatedConsole.start({ fleet: small, nowMs, pages: pages.dir, ...options });
  const own = await browser.newContext({ locale: "en-US", viewport: { width: 1440, height: 900 }, ...context });
  t.after(async () => {
    await own.close();
    await simulated.close();
  });
  const page = await own.newPage();
  const told: string[] = [];
  page.on("console", (m) => {
    if (m.type() === "error" || m.type() === "warning") told.push(m.text());
  });
  page.on("pageerror", (e) => told.push(String(e)));
  await page.goto(simulated.url);
  await page.locator('[data-state="Live"]').waitFor();
  return { page, simulated, told };
}

const figure = (page: Page, name: string) =>
  page.locator(".figure", { has: page.locator("dt", { hasText: new RegExp(`^${name}`) }) }).locator(".number");
const producedText = (simulated: SimulatedConsole) => simulated.feed.snapshot().totals.produced.toLocaleString("en-US");

/** Waits until the server has sent this many more ticks, and a frame after them. */
const ticks = (page: Page, count: number) =>
  page.evaluate(`new Promise((done) => {
    const source = new EventSource("/api/events");
    let ticks = 0;
    source.addEventListener("tick", () => {
      if (++ticks < ${count}) return;
      source.close();
      requestAnimationFrame(() => requestAnimationFrame(done));
    });
  })`);
const digits = (text: string | null): number => Number(text?.replace(/\D/g, ""));

test("the first paint has everything that is known", parts.options, async (t) => {
  const { page, simulated, told } = await open(t);
  const { totals } = simulated.feed.snapshot();
  for (const [name, value] of [
    ["Produced", totals.produced],
    ["Delivered", totals.delivered],
    ["Bad records", totals.malformed],
    ["Duplicates", totals.duplicatesDropped],
    ["Lost", 0],
  ] as const) {
    assert.equal(digits(await figure(page, name).textContent()), value, name);
  }
  assert.match((await page.locator(".lost").textContent()) ?? "", /nothing is missing/);
  assert.match((await page.locator(".source").textContent()) ?? "", /127\.0\.0\.1:9092.*sluice\.db/);
  assert.equal(await page.locator(".tile").count(), 20);
  assert.match((await page.locator(".tile").first().textContent()) ?? "", /^-?\d+\.\d$/);
  assert.equal(await page.locator(".flags-table tbody tr").count(), Math.min(50, totals.flagged));
  assert.ok(totals.flagged > 0);
  assert.equal(await page.locator(".queries-table tbody tr").count(), 5);
  assert.deepEqual(told, []);
});

test("every chart is drawn, says what it shows, and has its values as a table", parts.options, async (t) => {
  const { page } = await open(t);
  const drawn = await page.evaluate<number[]>(`[...document.querySelectorAll(".chart canvas")].map((c) => {
    const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
    return data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0 ? 1 : 0), 0);
  })`);
  assert.equal(drawn.length, 3);
  assert.ok(
    drawn.every((pixels) => pixels > 500),
    String(drawn),
  );
  const label = await page.locator(".chart-averages").getAttribute("aria-label");
  assert.match(label ?? "", /Oslo \d+\.\d °C, Athens \d+\.\d °C/);
  await page.getByText("Averages as a table").click();
  const rows = page.getByRole("region", { name: "Averages by window and site" }).locator("tbody tr");
  // They are drawn when the table is opened.
  await rows.nth(5).waitFor();
  assert.match((await rows.first().textContent()) ?? "", /\d+\.\d\d \(\d+\.\d to \d+\.\d\)/);
  const sparkline = page.locator(".queries-table .sparkline path").first();
  assert.match((await sparkline.getAttribute("d")) ?? "", /^M[\d.]+ [\d.]+L/);
});

test("what comes in is shown, and charts move with time", parts.options, async (t) => {
  const { page, simulated, told } = await open(t);
  const picture = () => page.evaluate<string>('document.querySelector(".chart-averages canvas").toDataURL()');
  const before = await picture();
  simulated.advanceTo(nowMs + 30_000);
  const { produced } = simulated.feed.snapshot().totals;
  await page
    .locator(".figure .number", { hasText: new RegExp(`^${produced.toLocaleString("en-US")}$`) })
    .first()
    .waitFor();
  assert.notEqual(await picture(), before);
  assert.deepEqual(told, []);
});

test("lost messages are said in words, in a sign, and to screen readers", parts.options, async (t) => {
  const { page, simulated } = await open(t);
  simulated.feed.produced(1234, nowMs);
  simulated.advanceTo(nowMs + 11_000);
  await page.getByText("missing after 10 s").waitFor();
  assert.equal(digits(await figure(page, "Lost").textContent()), 1234);
  assert.equal(await page.locator(".lost .sign-bad").count(), 1);
  assert.match((await page.getByRole("alert").textContent()) ?? "", /missing: 1,234/);
});

test("Pause holds the page still, Resume brings it to the present", parts.options, async (t) => {
  const { page, simulated } = await open(t);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.locator('[data-state="Paused"]').waitFor();
  const paused = await page.locator("main").textContent();
  simulated.advanceTo(nowMs + 20_000);
  await ticks(page, 5);
  assert.equal(await page.locator("main").textContent(), paused);
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator('[data-state="Live"]').waitFor();
  await page.getByText(producedText(simulated), { exact: true }).first().waitFor();
});

test("a hidden page is not redrawn, and is up to date when it is shown again", parts.options, async (t) => {
  const { page, simulated } = await open(t);
  const show = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"))`);
  await show(true);
  await ticks(page, 2);
  const before = await page.locator("main").textContent();
  simulated.advanceTo(nowMs + 20_000);
  await ticks(page, 5);
  assert.equal(await page.locator("main").textContent(), before);
  await show(false);
  await page.getByText(producedText(simulated), { exact: true }).first().waitFor();
});

test("a slower refresh rate redraws at once and then not before its time", parts.options, async (t) => {
  const { page, simulated } = await open(t);
  await page.getByLabel("Refresh").selectOption("10000");
  simulated.advanceTo(nowMs + 5000);
  await ticks(page, 5);
  const before = await page.locator("main").textContent();
  simulated.advanceTo(nowMs + 10_000);
  await ticks(page, 5);
  assert.equal(await page.locator("main").textContent(), before);
  await page.getByLabel("Refresh").selectOption("0");
  await page.getByText(producedText(simulated), { exact: true }).first().waitFor();
});

test("the refresh rate and the theme can be chosen", parts.options, async (t) => {
  const { page } = await open(t, {}, { colorScheme: "light" });
  const background = () => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  const light = await background();
  await page.getByLabel("Theme").selectOption("dark");
  const dark = await background();
  assert.notEqual(dark, light);
  await page.reload();
  await page.locator('[data-state="Live"]').waitFor();
  assert.equal(await background(), dark);
  await page.getByLabel("Theme").selectOption("system");
  assert.equal(await background(), light);
  assert.deepEqual(await page.getByLabel("Refresh").locator("option").allTextContents(), [
    "live",
    "1 s",
    "2 s",
    "5 s",
    "10 s",
  ]);
  await page.getByLabel("Refresh").selectOption("1000");
  await page.locator('[data-state="Live"]').waitFor();
});

test("devices are reached by keyboard, and details open and close by it", parts.options, async (t) => {
  const { page } = await open(t);
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate<string>("document.activeElement.className")).startsWith("tile")) break;
  }
  const focused = () => page.evaluate<string>('document.activeElement.getAttribute("aria-label")');
  assert.match(await focused(), /^dev-01, /);
  await page.keyboard.press("ArrowRight");
  assert.match(await focused(), /^dev-03, /);
  assert.match((await page.locator(".readout").textContent()) ?? "", /^dev-03 · Oslo · .* °C · humidity/);
  await page.keyboard.press("End");
  assert.match(await focused(), /^dev-19, /);
  await page.keyboard.press("ArrowRight");
  assert.match(await focused(), /^dev-19, /);
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "dev-01" });
  await dialog.waitFor();
  for (const fact of ["Oslo", "Battery", "Humidity", "Model", "Latest temperatures"]) {
    assert.match((await dialog.textContent()) ?? "", new RegExp(fact));
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.match(await focused(), /^dev-01, /);
  // One stop for each site's devices, whichever of them had the focus last.
  assert.equal(await page.locator('.tile[tabindex="0"]').count(), 2);
});

test("details follow the device and show its readings and flags", parts.options, async (t) => {
  const { page, simulated } = await open(t);
  const flagged = simulated.feed.snapshot().flags.at(-1)?.device ?? "";
  await page.locator(".flags-table .link", { hasText: flagged }).first().click();
  const dialog = page.getByRole("dialog", { name: flagged });
  await dialog.waitFor();
  assert.match((await dialog.textContent()) ?? "", /z \d/);
  for (let s = 1; s <= 3; s++) {
    simulated.advanceTo(nowMs + s * 2000);
    await page.getByText(new RegExp(`^${s + 1} readings since this page was opened`)).waitFor();
  }
});

test("hostile names are text", parts.options, async (t) => {
  const hostile = '<img src=x onerror="document.title=1">';
  const { page, simulated, told } = await open(t, {
    devices: (table) => [
      ...table,
      { device: hostile, site: `${hostile} site`, model: hostile },
      { device: "__proto__", site: "constructor", model: "toString" },
    ],
  });
  const reading = { timeMs: nowMs, temperature: 21, humidity: 50, battery: 50, status: hostile };
  for (const device of [hostile, "__proto__"]) {
    simulated.feed.reading({ device, ...reading }, nowMs);
    simulated.feed.flag({ device, site: hostile, timeMs: nowMs, value: 30, mean: 20, z: 6 });
  }
  simulated.feed.queries([
    { ...simulated.feed.snapshot().queries[0], name: hostile, message: hostile, error: hostile },
  ]);
  await page.locator(".flags-table .link", { hasText: hostile }).click();
  await page.getByRole("dialog", { name: hostile }).getByText("OK").or(page.getByText(hostile)).first().waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".error-row", { hasText: hostile }).waitFor();
  await page.locator('.tile[aria-label^="__proto__, 21.0"]').waitFor();
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.title(), "Sluice");
  assert.deepEqual(told, []);
});

test("a failed query shows its error and says so", parts.options, async (t) => {
  const { page, simulated } = await open(t);
  const [first, ...rest] = simulated.feed.snapshot().queries;
  simulated.feed.queries([{ ...first, active: false, message: "failed", error: "the sink is full" }, ...rest]);
  await page.locator(".error-row", { hasText: "the sink is full" }).waitFor();
  assert.match((await page.getByRole("alert").textContent()) ?? "", /Failed queries: alerts/);
});

test(
  "when the server goes away the page says so, keeps its values, and comes back by itself",
  parts.options,
  async (t) => {
    const { page, simulated } = await open(t);
    const port = Number(new URL(simulated.url).port);
    await simulated.close();
    await page.locator('[data-state="Reconnecting"]').waitFor();
    await page.getByText(/Connection lost/).waitFor();
    assert.equal(await page.locator(".tile").count(), 20);
    const again = await SimulatedConsole.start({ fleet: { ...small, devices: 30 }, nowMs: nowMs + 60_000, port });
    t.after(() => again.close());
    await page.locator('[data-state="Live"]').waitFor();
    await page.locator(".tile").nth(29).waitFor();
    assert.equal(await page.locator(".tile").count(), 30);
    assert.equal(await page.getByText(/Connection lost/).count(), 0);
  },
);

test("before the first reading the page says what it waits for", parts.options, async (t) => {
  const { page, told } = await open(t, { fleet: { devices: 3, sites: 1 }, historyMs: 0 });
  assert.equal(await figure(page, "Produced").textContent(), "0");
  await page.getByText("No query has finished a batch yet.").waitFor();
  await page.getByText(/No reading stands out yet/).waitFor();
  assert.equal(await page.locator(".tile").count(), 3);
  assert.deepEqual(told, []);
});

for (const [width, height] of [
  [390, 844],
  [320, 640],
  [768, 1024],
  [1440, 900],
]) {
  test(`nothing but tables scrolls sideways at ${width} px`, parts.options, async (t) => {
    const { page } = await open(t, { fleet: { ...small, devices: 200, sites: 5 } }, { viewport: { width, height } });
    const wide = await page.evaluate<string[]>(`[...document.querySelectorAll("body *")]
      .filter((e) => !e.closest(".scroll, .visually-hidden, .skip") && e.getBoundingClientRect().right > innerWidth + 0.5)
      .map((e) => e.tagName + "." + e.getAttribute("class"))`);
    assert.deepEqual(wide, []);
    assert.ok(await page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"));
  });
}

test("landmarks, headings, names and tables are as assistive technology needs them", parts.options, async (t) => {
  const { page } = await open(t);
  for (const role of ["banner", "main"] as const) assert.equal(await page.getByRole(role).count(), 1, role);
  const headings = await page.evaluate<number[]>(
    '[...document.querySelectorAll("h1,h2,h3,h4")].map((h) => Number(h.tagName[1]))',
  );
  assert.equal(headings.filter((level) => level === 1).length, 1);
  assert.ok(
    headings.every((level, i) => level <= (headings[i - 1] ?? 0) + 1),
    String(headings),
  );
  const problems = await page.evaluate<string[]>(`(() => {
    const out = [];
    const name = (e) => (e.getAttribute("aria-label") ?? e.closest("label")?.textContent ?? e.textContent ?? "").trim();
    for (const e of document.querySelectorAll("button, select, a, summary")) if (name(e) === "") out.push("no name: " + e.outerHTML);
    for (const e of document.querySelectorAll("table")) if (!e.caption) out.push("no caption: " + e.className);
    for (const e of document.querySelectorAll("th")) if (!e.scope) out.push("no scope: " + e.textContent);
    for (const e of document.querySelectorAll("section")) {
      if (!e.hasAttribute("aria-label") && !document.getElementById(e.getAttribute("aria-labelledby"))) out.push("unnamed section: " + e.className);
    }
    for (const e of document.querySelectorAll("svg, canvas")) {
      if (!e.closest('[aria-hidden="true"], [role="img"][aria-label]')) out.push("unnamed picture: " + e.outerHTML.slice(0, 80));
    }
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    for (const id of ids) if (ids.filter((i) => i === id).length > 1) out.push("id twice: " + id);
    for (const e of document.querySelectorAll("[aria-labelledby],[aria-describedby]")) {
      for (const id of (e.getAttribute("aria-labelledby") ?? e.getAttribute("aria-describedby")).split(" ")) if (!ids.includes(id)) out.push("no such id: " + id);
    }
    for (const e of document.querySelectorAll("button, select, summary")) {
      const { width, height } = e.getBoundingClientRect();
      if (width < 24 || height < 24) out.push("small target: " + width + "x" + height + " " + name(e));
    }
    if (document.documentElement.lang === "") out.push("no language");
    return out;
  })()`);
  assert.deepEqual(problems, []);
  const updates = await page.evaluate<number>(
    'document.querySelectorAll("[aria-live], [role=status], [role=alert]").length',
  );
  assert.equal(updates, 2, "only the connection and alarms are announced");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`text is legible in ${colorScheme}`, parts.options, async (t) => {
    const { page, simulated } = await open(t, { fleet: { ...small, devices: 200, sites: 5 } }, { colorScheme });
    simulated.feed.produced(5, nowMs);
    simulated.advanceTo(nowMs + 12_000);
    await page.getByText("missing after 10 s").waitFor();
    assert.deepEqual(await contrastProblems(page), []);
    await page.locator(".tile").first().click();
    await page.getByRole("dialog").waitFor();
    assert.deepEqual(await contrastProblems(page), []);
  });
}

test("nothing moves on its own for a reader who wants it so", parts.options, async (t) => {
  const { page } = await open(t, {}, { reducedMotion: "reduce" });
  const moving = await page.evaluate<number>("document.getAnimations().length");
  assert.equal(moving, 0);
});

test("the layout does not shift while values change", parts.options, async (t) => {
  const { page, simulated } = await open(t);
  await page.evaluate(`globalThis.shift = 0; new PerformanceObserver((list) => {
    for (const e of list.getEntries()) globalThis.shift += e.value;
  }).observe({ type: "layout-shift" })`);
  for (let s = 1; s <= 5; s++) {
    simulated.advanceTo(nowMs + s * 1000);
    await page.getByText(producedText(simulated), { exact: true }).first().waitFor();
  }
  assert.ok((await page.evaluate<number>("globalThis.shift")) < 0.01);
});

test("the first load is at most 60 kB, compressed", parts.options, () => {
  const files = readdirSync(pages.dir, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  const bytes = files.reduce((n, f) => n + gzipSync(readFileSync(join(f.parentPath, f.name))).length, 0);
  assert.ok(bytes <= 60_000, `${bytes} bytes`);
  assert.doesNotMatch(readFileSync(join(pages.dir, "index.html"), "utf8"), /<style|<script(?![^>]* src=)|https?:/);
});
