// Pages to look at in a browser: profiles as JSON documents, made into HTML by the example `report`.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}target/browser/pages/`;
mkdirSync(folder, { recursive: true });
const built = process.env.CARGO_TARGET_DIR || `${root}target`;

const { chromium } = createRequire(`${root}target/browser/`)("playwright-core");

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });

/** Writes the page of a profile, or of the example's own run, and gives its address and size. */
export const write = (name, profile) => {
  const html = `${folder}${name}.html`;
  const files = [html];
  if (profile) {
    files.push(`${folder}${name}.json`);
    writeFileSync(files[1], JSON.stringify(profile));
  }
  const said = execFileSync(`${built}/debug/examples/report`, files, { encoding: "utf8" });
  return { url: pathToFileURL(html).href, bytes: Number(/(\d+) bytes/.exec(said)[1]) };
};

/** A span of a profile's document; times in milliseconds. */
export const span = (parent, name, label, start, end, more = {}) => ({
  name, label, parent, start_ns: Math.round(start * 1e6), entered_ns: Math.round(start * 1e6), end_ns: Math.round(end * 1e6), busy_ns: 0, ...more,
});

export const profile = (spans, more = {}) => ({
  version: 2, unavailable: null, busy_ns: 0, detached: 0, dropped_spans: 0,
  wall_ns: Math.max(0, ...spans.map((span) => span.end_ns)), spans, ...more,
});

/** As many spans as a recording keeps: phases with agents with calls. */
export const large = () => {
  const spans = [span(null, "invoke_agent", "large", 0, 30_000)];
  for (let phase = 0; spans.length < 9_990; phase++) {
    const at = phase * 500, parent = spans.push(span(0, "phase", `phase ${phase}`, at, at + 498)) - 1;
    for (let n = 0; n < 55 && spans.length < 9_990; n++) {
      const agent = spans.push(span(parent, "execute_tool", `agent ${n}`, at + n, at + 300 + 3 * n)) - 1;
      const failed = n % 9 ? {} : { outcome: "failed", error_type: "transient" };
      spans.push(span(agent, "chat", "small", at + n + 2, at + 150 + n, { usage: { input_tokens: 800 + n, output_tokens: 90 }, ...failed }));
      spans.push(span(agent, "retrieval", "", at + 160 + n, at + 200 + n, { hits: n }));
    }
  }
  return profile(spans);
};

/** A chain as long as a recording can be. */
export const deep = () =>
  profile(Array.from({ length: 10_000 }, (_, n) => span(n ? n - 1 : null, n ? "deeper" : "run", `${n}`, n / 10, 2_500 - n / 10)));
