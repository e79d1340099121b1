// The spans of the run, read from the data in the page. `data.rs` says what its fields are.

const largest = (parts) => {
  let found = -1;
  parts.forEach((ns, c) => { if (ns > (found < 0 ? 0 : parts[found])) found = c; });
  return found;
};
const spentOf = (span) => {
  const parts = [0, 0, 0, 0, 0, 0, 0];
  const pairs = span.rest.c || [];
  for (let n = 0; n < pairs.length; n += 2) parts[pairs[n]] = pairs[n + 1];
  return parts;
};

/** The spans in the order of the tree, each with what drawing it needs. */
const readSpans = () => {
  const data = JSON.parse($("data").textContent);
  const words = data.strings;
  const spans = data.spans.map(([name, label, depth, start, length, rest], i) => ({
    i, depth, start, end: start + length, wall: rest.w === undefined ? length : rest.w,
    name: words[name], label: words[label], rest, error: words[rest.e], parent: -1, last: i + 1, size: 0, position: 0, steps: [], onPath: 0,
  }));

  // A parent stands before its children, and its subtree directly behind it.
  const above = [];
  for (const span of spans) {
    above.length = span.depth;
    if (span.depth) {
      span.parent = above[span.depth - 1];
      span.position = ++spans[span.parent].size;
    }
    above.push(span.i);
  }
  for (let i = spans.length - 1; i > 0; i--) {
    const parent = spans[spans[i].parent];
    parent.last = Math.max(parent.last, spans[i].last);
  }
  const own = spans.map(spentOf);
  for (const span of spans) span.mostly = largest(own[span.i]);
  // Every part is taken from the parent's as it was before: parents come first.
  for (const span of spans) {
    if (span.parent >= 0) (span.rest.c || []).forEach((ns, n, pairs) => { if (n % 2) own[span.parent][pairs[n - 1]] -= ns; });
  }
  for (const span of spans) {
    span.itself = largest(own[span.i]);
    if (span.mostly < 0) span.mostly = 6;
    if (span.itself < 0) span.itself = span.mostly;
  }
  let at = 0;
  for (let n = 0; n < data.path.length; n += 2) {
    const span = spans[data.path[n]];
    span.steps.push([at, at + data.path[n + 1]]);
    span.onPath += data.path[n + 1];
    at += data.path[n + 1];
  }
  return { spans, wall: data.wall };
};

const title = (span) => !span.label ? span.name : span.name === "phase" ? span.label : `${span.name} ${span.label}`;
const attributed = (span) => (span.rest.c || []).reduce((sum, ns, n) => n % 2 ? sum + ns : sum, 0);
/** How it ended, as tags: a class for the pattern and the words. */
const tags = (span) => {
  const { o, p, n } = span.rest;
  const list = [];
  if (n) list.push(["many", `×${n.toLocaleString("en")}`]);
  if (o) list.push([o, o === "failed" && span.error ? `failed: ${span.error}` : o]);
  if (p) list.push(["open", "still open"]);
  return list;
};
const notes = (span) => {
  const { t, h, u = [] } = span.rest;
  const list = [];
  if (t) list.push(many(t, "attempt"));
  if (h !== undefined) list.push(many(h, "hit"));
  if (span.last === span.i + 1 && (u[1] || u[2])) list.push(`${tokens(u[1])}→${tokens(u[2] || 0)} tokens`);
  return list.join(", ");
};

