// The profile's HTML page in a real browser: what it shows, how it is used by keyboard and pointer, and that what hosts
// and models put into names stays text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deep, large, launch, profile, span, write } from "./page.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** A page in a context of its own; what goes wrong in it and what it asks the network for is noted. */
const open = async (url, { width = 1400, height = 1000, ...more } = {}) => {
  const context = await browser.newContext({ viewport: { width, height }, ...more });
  const page = await context.newPage();
  page.wrong = [];
  page.asked = [];
  page.on("pageerror", (error) => page.wrong.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.wrong.push(message.text()));
  page.on("dialog", (dialog) => { page.wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => page.asked.push(request.url()));
  await page.goto(url);
  return page;
};
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("aria-label") || document.activeElement.id);
const press = async (page, ...keys) => { for (const key of keys) await page.keyboard.press(key); };
const usual = write("usual");

test("a usual run fits in 60 KB and asks nobody for anything", async () => {
  assert.ok(usual.bytes <= 60 * 1024, `${usual.bytes} bytes`);
  const page = await open(usual.url);
  assert.deepEqual(page.asked, [usual.url]);
  assert.deepEqual(page.wrong, []);
  assert.equal(await page.title(), "invoke_agent soar – profile");
});

test("hostile names are text and nothing of them runs", async () => {
  const names = [
    "</script><script>window.ran=1;alert(1)</script>", "<img src=x onerror=window.ran=2>", "\"><svg onload=window.ran=3>",
    "' onfocus='window.ran=4' autofocus='", "{{data}}<!--<script>", "a\u0000\u001b[31m\u0007\n\u202eevil\u2066", "\u2028\u2029&lt;b&gt;", "x".repeat(100_000),
    "__proto__", "constructor", "javascript:window.ran=5",
  ];
  const spans = [span(null, "invoke_agent", names[0], 0, 100)];
  names.forEach((name, n) => {
    const phase = spans.push(span(0, "phase", name, n, 90)) - 1;
    spans.push(span(phase, name, name, n, 80, { outcome: "failed", error_type: name }));
    spans.push(span(phase, "execute_tool", name, n, 80), span(phase, "chat", name, n, 80));
  });
  const { url } = write("hostile", profile(spans));
  const page = await open(url);
  assert.equal(await page.locator("h1").textContent(), `invoke_agent ${names[0]}`);
  assert.ok((await page.locator("#phases tbody").textContent()).includes(names[1]));
  // Every row is drawn, looked at and opened.
  await page.locator(".row").first().focus();
  for (let n = 0; n < spans.length; n++) await press(page, "Enter", "ArrowDown");
  await page.locator("#find").fill("onerror");
  await page.locator("#find").press("Enter");
  for (const sort of await page.locator("th button").all()) await sort.click();
  assert.equal(await page.locator("img, svg, iframe, script:not(#data)").count(), 1, "the page's own script");
  const shown = await page.evaluate(() => document.body.innerText);
  assert.ok(!/[\u0000-\u0008\u000b\u001b\u202a-\u202e\u2066-\u2069]/u.test(shown));
  assert.ok(shown.includes("… (100000 characters)"));
  assert.equal(await page.evaluate(() => window.ran), undefined);
  assert.deepEqual(page.wrong, []);
  assert.deepEqual(page.asked, [url]);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

test("the policy stops what would get past the escaping", async () => {
  const page = await open(usual.url);
  await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.ran = 1";
    const holder = document.createElement("div");
    holder.innerHTML = "<img src='data:,x' onerror='window.ran = 2'><img src='https://example.com/x.png'>";
    document.body.append(script, holder);
    await fetch("https://example.com/").catch(() => {});
    await new Promise((done) => setTimeout(done, 100));
  });
  assert.equal(await page.evaluate(() => window.ran), undefined);
  assert.ok(page.wrong.length >= 3 && page.wrong.every((text) => text.includes("Content Security Policy") || text.includes("Refused")), page.wrong.join("\n"));
});

test("the tree is walked by keyboard", async () => {
  const page = await open(usual.url);
  const stops = page.locator('.row[tabindex="0"]');
  assert.equal(await stops.count(), 1);
  await page.locator("#find").focus();
  await press(page, "Tab");
  assert.match(await focused(page), /^invoke_agent soar, 7\.01 s, 100\.0 % of the run, mostly model/);
  await press(page, "ArrowRight", "ArrowDown");
  assert.match(await focused(page), /^retrieve, 36\.0 ms/);
  await press(page, "ArrowLeft");
  const row = page.locator(".row:focus");
  assert.equal(await row.getAttribute("aria-expanded"), "false");
  await press(page, "ArrowDown");
  assert.match(await focused(page), /^decompose/);
  await press(page, "ArrowUp", "ArrowRight", "ArrowRight");
  assert.match(await focused(page), /^retrieval, 21\.0 ms.*17 hits/);
  assert.equal(await row.getAttribute("aria-level"), "3");
  assert.equal(await row.getAttribute("aria-setsize"), "2");
  await press(page, "ArrowLeft");
  assert.match(await focused(page), /^retrieve/);
  await press(page, "End");
  assert.match(await focused(page), /^respond/);
  assert.ok(await row.evaluate((row) => row.getBoundingClientRect().bottom <= document.getElementById("tree").getBoundingClientRect().bottom));
  await press(page, "Home");
  assert.match(await focused(page), /^invoke_agent/);
  assert.equal(await stops.count(), 1);
  const outline = await row.evaluate((row) => getComputedStyle(row).outlineStyle + getComputedStyle(row).outlineWidth);
  assert.equal(outline, "solid2px");
});

test("details follow focus and pointer, and Enter says them", async () => {
  const page = await open(usual.url);
  const heading = page.locator("#details h3");
  await page.locator(".row").first().focus();
  await press(page, "ArrowDown", "ArrowDown");
  assert.equal(await heading.textContent(), "retrieve");
  await press(page, "Enter");
  assert.match(await page.locator("#status").textContent(), /Wall: 36\.0 ms; From … to: 38\.0 ms … 74\.0 ms/);
  assert.equal(await page.locator('.row[aria-selected="true"]').count(), 1);
  await page.locator(".row", { hasText: "malformed_reply" }).hover();
  assert.equal(await heading.textContent(), "verify");
  assert.equal(await page.locator("#details .tags").textContent(), "failed: malformed_reply");
  await page.locator("h1").hover();
  assert.equal(await heading.textContent(), "retrieve");
});

test("what happened is said in words and patterns", async () => {
  const page = await open(usual.url);
  await page.locator("#find").fill("cancelled");
  await page.locator("#find").press("Enter");
  assert.equal(await page.locator("#details h3").textContent(), "execute_tool code-sandbox");
  const patterns = await page.locator(".span.failed, .span.cancelled, .span.cached").evaluateAll((bars) => bars.map((bar) => getComputedStyle(bar, "::after").backgroundImage.split("(")[0]));
  assert.ok(patterns.length >= 3 && patterns.every((pattern) => pattern.includes("gradient")), patterns.join());
});

test("every end of a span has words, and its bar a look of its own", async () => {
  const ends = [["failed"], ["cancelled"], ["replayed"], ["cached"], [undefined, { open: true }], [undefined, { group: { count: 1_200, covered_ns: 9e6 } }], [undefined]];
  const made = ends.map(([outcome, more], n) => span(0, "phase", `p${n}`, n * 10, n * 10 + 10, { ...(outcome && { outcome }), ...more }));
  const page = await open(write("ends", profile([span(null, "run", "", 0, 70), ...made], { detached: 1 })).url);
  const rows = page.locator(".row.phase");
  const words = await rows.evaluateAll((rows) => rows.map((row) => row.querySelector(".tag")?.textContent));
  assert.deepEqual(words, ["failed", "cancelled", "replayed", "cached", "still open", "×1,200", undefined]);
  const looks = await page.locator(".row.phase .span").evaluateAll((bars) => bars.map((bar) => getComputedStyle(bar, "::after").backgroundImage + getComputedStyle(bar).maskImage));
  assert.equal(new Set(looks.slice(0, 5)).size, 5);
  assert.ok(!looks.slice(0, 5).includes(looks[6]));
  assert.match(await rows.nth(5).getAttribute("aria-label"), /^p5, 9\.00 ms.*×1,200/);
  const head = await page.locator("header").innerText();
  assert.match(head, /1 span was still open when the run ended/);
  assert.match(head, /spans after the first 10000 kept in groups/);
});

test("the critical path can be hidden", async () => {
  const page = await open(usual.url);
  const marks = page.locator(".row .crit");
  assert.ok(await marks.first().isVisible());
  const button = page.locator("#critical");
  await button.click();
  assert.equal(await button.getAttribute("aria-pressed"), "false");
  assert.ok(!(await marks.first().isVisible()));
});

test("a range is zoomed into by pointer and by keyboard, and the axis has round ticks", async () => {
  const page = await open(usual.url);
  const ticks = () => page.locator("#axis span").allTextContents();
  assert.deepEqual(await ticks(), ["0 s", "2 s", "4 s", "6 s"]);
  const status = page.locator("#status");
  const lane = await page.locator("#axis").boundingBox();
  await page.mouse.move(lane.x + lane.width * 0.25, lane.y + 120);
  await page.mouse.down();
  await page.mouse.move(lane.x + lane.width * 0.5, lane.y + 140, { steps: 4 });
  await page.mouse.up();
  assert.match(await status.textContent(), /^From 1\.7\d s to 3\.5\d s$/);
  for (const tick of await ticks()) assert.match(tick, /^\d+(\.\d)? s$/);
  await page.locator(".row").first().focus();
  await press(page, "0");
  assert.equal(await status.textContent(), "The whole run");
  await press(page, "ArrowDown", "z");
  assert.match(await status.textContent(), /^From 0 ns to (39|41)\.\d ms$/);
  for (const tick of await ticks()) assert.match(tick, /^\d+ ms$/);
  await press(page, "-", "-", "+", "Escape");
  assert.equal(await status.textContent(), "The whole run");
  for (let n = 0; n < 60; n++) await press(page, "+");
  const narrow = await ticks();
  assert.equal(new Set(narrow).size, narrow.length, narrow.join());
  assert.deepEqual(page.wrong, []);
});

test("tables are sorted, and unsorted", async () => {
  const page = await open(usual.url);
  const names = () => page.locator("#phases tbody th").allTextContents();
  const written = await names();
  const wall = page.locator("#phases th", { hasText: "Wall" });
  await wall.getByRole("button").click();
  assert.equal(await wall.getAttribute("aria-sort"), "descending");
  assert.equal((await names())[0], "synthesize");
  await wall.getByRole("button").press("Enter");
  assert.equal((await names()).at(-1), "synthesize");
  await wall.getByRole("button").press("Enter");
  assert.deepEqual(await names(), written);
});

test("script and markup tell the same times", async () => {
  const page = await open(usual.url);
  await page.locator(".row").first().focus();
  await page.locator("#collapse").click();
  for (const name of ["assess", "retrieve", "collect", "synthesize", "record"]) {
    const table = await page.locator("#phases tr", { has: page.getByText(name, { exact: true }) }).locator("td").first().textContent();
    const row = await page.locator(".row", { hasText: name }).locator(".wall").textContent();
    assert.equal(row, table, name);
  }
});

test("it is complete without scripts, but for the timeline", async () => {
  const page = await open(usual.url, { javaScriptEnabled: false });
  const text = await page.locator("body").innerText();
  assert.match(text, /The timeline needs scripts/);
  for (const part of ["By phase", "synthesize", "By agent", "web-research", "By model", "Were it free, the run would take"]) assert.ok(text.includes(part), part);
  assert.ok(!(await page.locator("#tree").isVisible()) && !(await page.locator("#theme").isVisible()));
});

test("no width scrolls the page sideways", async () => {
  const urls = [usual.url, write("deep", deep()).url];
  for (const width of [1900, 1400, 1160, 1000, 900, 768, 480, 320]) {
    for (const url of urls) {
      const page = await open(url, { width, height: 900 });
      const [wide, tree] = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, document.getElementById("tree").scrollWidth - document.getElementById("tree").clientWidth]);
      assert.ok(wide <= 0 && tree <= 0, `${width}: page ${wide}, tree ${tree}`);
      await page.context().close();
    }
  }
});

/** The contrast of every text with what is behind it, where it is below what WCAG AA asks for. */
const faint = () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const over = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((n) => n / 255).map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4)).reduce((sum, n, i) => sum + n * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) || !element.checkVisibility() || element.closest("script, noscript, .unseen, caption")) continue;
    const behind = [];
    for (let up = element; up; up = up.parentElement) behind.unshift(getComputedStyle(up).backgroundColor);
    const text = getComputedStyle(element).color;
    const [a, b] = [light(over(behind)), light(over([...behind, text]))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) found.push(`${element.className || element.tagName} ${contrast.toFixed(2)} ${element.textContent.slice(0, 30)}`);
  }
  return found;
};

test("text can be read in both colour schemes, and the switch changes them", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(usual.url, { colorScheme, reducedMotion: "reduce" });
    await page.locator(".row", { hasText: "malformed_reply" }).click();
    await page.locator("#find").fill("retr");
    assert.deepEqual(await page.evaluate(faint), [], colorScheme);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const first = await ground();
    const button = page.locator("#theme");
    for (let n = 0; n < 3 && !(await button.textContent()).endsWith(colorScheme === "light" ? "dark" : "light"); n++) await button.click();
    assert.notEqual(await ground(), first);
    assert.deepEqual(await page.evaluate(faint), [], `${colorScheme}, switched`);
  }
});

test("ten thousand spans are shown, rows on demand", async (context) => {
  const { url, bytes } = write("large", large());
  const start = performance.now();
  const page = await open(url);
  await page.waitForSelector(".row");
  const loaded = await page.evaluate(() => performance.timing.loadEventEnd - performance.timing.navigationStart);
  context.diagnostic(`${bytes} bytes; load event after ${loaded} ms, first row seen after ${Math.round(performance.now() - start)} ms`);
  assert.ok((await page.locator(".row").count()) < 80);
  await page.locator(".row").first().focus();
  await press(page, "End");
  const last = page.locator(".row:focus");
  assert.equal(await last.getAttribute("aria-rowindex"), await page.locator("#tree").getAttribute("aria-rowcount"));
  await page.locator("#tree").evaluate((tree) => { tree.scrollTop = 0; });
  await page.waitForTimeout(100);
  assert.equal(await page.locator(".row:focus").count(), 1, "the focus stays, though out of sight");
  await press(page, "ArrowUp");
  assert.ok(await last.evaluate((row) => row.getBoundingClientRect().top > document.getElementById("tree").getBoundingClientRect().top));
  await page.locator("#find").fill("agent 54");
  assert.match(await page.locator("#found").textContent(), /^\d+ spans$/);
  assert.deepEqual(page.wrong, []);
});

test("ten thousand spans within each other are shown", async (context) => {
  const { url, bytes } = write("deep", deep());
  const page = await open(url);
  context.diagnostic(`${bytes} bytes`);
  await page.locator(".row").first().focus();
  await press(page, "End", "Enter");
  assert.match(await focused(page), /^deeper 9999/);
  assert.equal(await page.locator(".row:focus").getAttribute("aria-level"), "10000");
  await press(page, "Home", "ArrowLeft");
  assert.equal(await page.locator(".row").count(), 1);
  await page.locator("#expand").click();
  await page.locator("#collapse").click();
  assert.deepEqual(page.wrong, []);
});

test("on paper every row is there", async () => {
  const page = await open(usual.url, { width: 1000, height: 500 });
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator(".row").count(), 32);
  assert.ok(await page.evaluate(() => { const tree = document.getElementById("tree"); return tree.scrollHeight <= tree.clientHeight + 1; }));
  assert.ok(!(await page.locator("#critical").isVisible()));
});

test("runs without time, without spans and without a profile are shown", async () => {
  for (const [name, made] of [["instant", profile([span(null, "invoke_agent", "x", 0, 0), span(0, "phase", "p", 0, 0)])], ["empty", profile([])], ["none", profile([], { unavailable: "add the layer <b>" })]]) {
    const page = await open(write(name, made).url);
    assert.deepEqual(page.wrong, [], name);
    assert.equal(await page.locator("#tree").count(), name === "none" ? 0 : 1);
    if (name === "none") assert.match(await page.locator("header").innerText(), /No profile\. Why, and what to do: add the layer <b>/);
    else { await page.locator(".row").first().focus(); await press(page, "+", "z", "Enter", "End", "-"); assert.deepEqual(page.wrong, [], name); }
  }
});
