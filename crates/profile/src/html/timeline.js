// The timeline: rows on demand, zoom, keyboard, details.

const drawTimeline = () => {
  const { spans, wall } = readSpans();
  const total = wall || 1;

  // ---- which rows there are

  const closed = new Set();
  let rows = [];
  let place = [];
  const layOut = () => {
    rows = [];
    place = new Array(spans.length).fill(-1);
    for (let i = 0; i < spans.length; i = closed.has(i) ? spans[i].last : i + 1) {
      place[i] = rows.length;
      rows.push(i);
    }
    tree.setAttribute("aria-rowcount", rows.length + 1);
  };
  const isParent = (span) => span.last > span.i + 1;

  // ---- drawing

  const tree = $("tree"), holder = $("rows"), axis = $("axis"), grid = $("grid"), overview = $("overview");
  const narrow = matchMedia("(max-width: 760px)"), stacked = matchMedia("(max-width: 1150px)");
  const HEAD = 28;
  let from = 0, to = total;
  let focused = 0, selected = -1, everything = false;
  const drawn = new Map();
  let matches = new Set();
  const rowHeight = () => narrow.matches ? 44 : 28;
  const x = (ns) => (ns - from) / (to - from) * 100;
  const put = (style, start, end) => {
    const left = Math.max(-2, x(start)), right = Math.min(102, x(end));
    style.left = `${left.toFixed(3)}%`;
    style.width = `${Math.max(0, right - left).toFixed(3)}%`;
  };

  /** The stretches of a span in which no span within it is open, no more of them than can be seen. */
  const alone = (span) => {
    const found = [];
    let covered = span.start;
    const least = (to - from) / 2000;
    for (let i = span.i + 1; i < span.last; i = spans[i].last) {
      const child = spans[i];
      if (child.start - covered > least) found.push([covered, child.start]);
      covered = Math.max(covered, child.end);
    }
    if (span.end - covered > least) found.push([covered, span.end]);
    return found.filter(([a, b]) => b > from && a < to);
  };

  const drawLane = (lane, span) => {
    lane.replaceChildren();
    const seen = span.end >= from && span.start <= to;
    const leaf = !isParent(span);
    if (seen) {
      const bar = el("span", `span c${span.mostly}${leaf ? " leaf" : ""}`);
      for (const [kind] of tags(span)) bar.classList.add(kind);
      put(bar.style, span.start, span.end);
      const left = Math.max(-2, x(span.start)), width = Math.min(102, x(span.end)) - left;
      if (!leaf && width > 0) {
        for (const [a, b] of alone(span)) {
          const part = el("i", `c${span.itself}`);
          const start = Math.max(-2, x(a));
          part.style.left = `${((start - left) / width * 100).toFixed(3)}%`;
          part.style.width = `${((Math.min(102, x(b)) - start) / width * 100).toFixed(3)}%`;
          bar.append(part);
        }
      }
      lane.append(bar);
      let until = -1;
      for (const [a, b] of span.steps) {
        if (b < from || a > to || x(b) - until < 0.05) continue;
        const mark = el("i", "crit");
        put(mark.style, Math.max(a, span.start), b);
        lane.append(mark);
        until = x(b);
      }
    }
    // What lies outside of the range that is shown says on which side.
    if (!seen) lane.append(el("span", span.end < from ? "note" : "note after", span.end < from ? "‹" : "›"));
    const text = notes(span);
    if (!text || !seen) return;
    const room = text.length * 6.4 + 14, all = axis.clientWidth;
    const before = Math.max(0, x(span.start)) / 100 * all, after = (100 - Math.min(100, x(span.end))) / 100 * all;
    const note = el("span", "note");
    note.append(el("b", "", text));
    if (after >= room) note.style.left = `${all - after + 5}px`;
    else if (before >= room) note.style.right = `${all - before + 5}px`;
    else return;
    lane.append(note);
  };

  /** What a screen reader says of a row. */
  const spoken = (span) => {
    const parts = [title(span), short(span.wall), `${percent(attributed(span), total)} of the run`, `mostly ${CLASSES[span.mostly]}`];
    for (const [, text] of tags(span)) parts.push(text);
    if (notes(span)) parts.push(notes(span));
    if (span.onPath) parts.push("on the critical path");
    return parts.join(", ");
  };

  const makeRow = (span) => {
    const row = el("div", `row${span.depth === 0 ? " run" : span.depth === 1 ? " phase" : ""}${matches.has(span.i) ? " hit" : ""}`);
    row.dataset.i = span.i;
    const said = {
      level: span.depth + 1, label: spoken(span), rowindex: place[span.i] + 2, selected: span.i === selected,
      posinset: span.position || 1, setsize: span.parent < 0 ? 1 : spans[span.parent].size,
    };
    if (isParent(span)) said.expanded = !closed.has(span.i);
    for (const key in said) row.setAttribute(`aria-${key}`, said[key]);
    row.setAttribute("role", "row");
    row.tabIndex = span.i === focused ? 0 : -1;
    const name = el("span", "name");
    name.setAttribute("role", "rowheader");
    const most = narrow.matches ? 8 : 12;
    name.style.paddingLeft = `${Math.min(span.depth, most) * (narrow.matches ? 11 : 14)}px`;
    name.append(el("span", "tw"));
    if (span.depth > most) name.append(el("span", "deep", `${span.depth}·`));
    const text = el("bdi", "t");
    if (span.label && span.name !== "phase") text.append(el("em", "", span.name), ` ${span.label}`);
    else text.append(title(span));
    name.append(text);
    for (const [kind, words] of tags(span)) name.append(el("span", `tag ${kind}`, words));
    const wall = el("span", "wall", short(span.wall));
    wall.setAttribute("role", "gridcell");
    const lane = el("span", "lane");
    lane.setAttribute("role", "gridcell");
    row.append(name, wall, lane);
    drawLane(lane, span);
    return row;
  };

  /** Makes the rows that can be seen, and the one that has the focus; `anew` all of them, not only the missing ones. */
  const draw = (anew) => {
    const height = rowHeight();
    const first = everything ? 0 : Math.max(0, Math.floor((tree.scrollTop - HEAD) / height) - 6);
    const last = everything ? Math.min(rows.length, 1000) : Math.min(rows.length, Math.ceil((tree.scrollTop + tree.clientHeight) / height) + 6);
    const wanted = new Set(rows.slice(first, last));
    if (place[focused] >= 0) wanted.add(focused);
    const hadFocus = holder.contains(document.activeElement);
    for (const [i, row] of drawn) {
      if (anew || !wanted.has(i)) {
        row.remove();
        drawn.delete(i);
      }
    }
    for (const i of wanted) {
      if (drawn.has(i)) continue;
      const row = makeRow(spans[i]);
      row.style.top = `${place[i] * height}px`;
      drawn.set(i, row);
    }
    // In the order of the tree, for readers that go by the document.
    let next = holder.firstChild;
    for (const i of [...wanted].sort((a, b) => a - b)) {
      const row = drawn.get(i);
      if (row === next) next = next.nextSibling; else holder.insertBefore(row, next);
    }
    holder.style.height = `${(everything ? last : rows.length) * height}px`;
    if (hadFocus && anew) drawn.get(focused)?.focus({ preventScroll: true });
  };

  /** Ticks at 1, 2 or 5 times a power of ten of the unit that fits. */
  const drawAxis = () => {
    const width = axis.clientWidth;
    const [unit, length] = UNITS.find(([, length, limit]) => to / length < limit);
    const least = (to - from) / length / Math.max(2, width / 90);
    const power = 10 ** Math.floor(Math.log10(least));
    const step = power * [1, 2, 5, 10].find((n) => n * power >= least * 0.999);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    axis.replaceChildren();
    grid.replaceChildren();
    for (let n = Math.ceil(from / length / step - 1e-9); n * step * length <= to * (1 + 1e-12); n++) {
      const left = `${x(n * step * length).toFixed(3)}%`;
      const line = el("i");
      line.style.left = left;
      grid.append(line);
      if (x(n * step * length) / 100 * width > width - 50) continue;
      const tick = el("span", "", `${(n * step).toFixed(digits)} ${unit}`);
      tick.style.left = left;
      axis.append(tick);
    }
    const box = axis.getBoundingClientRect(), around = tree.getBoundingClientRect();
    grid.style.left = `${box.left - around.left - 1}px`;
    grid.style.width = `${box.width}px`;
    grid.style.height = `${rows.length * rowHeight()}px`;
    const [before, behind] = overview.querySelectorAll("b");
    before.style.width = `${from / total * 100}%`;
    before.style.left = 0;
    behind.style.left = `${to / total * 100}%`;
    behind.style.width = `${100 - to / total * 100}%`;
  };

  const drawOverview = () => {
    const phases = spans.filter((span) => span.depth === 1).sort((a, b) => b.wall - a.wall).slice(0, 300);
    for (const span of phases.sort((a, b) => a.i - b.i)) {
      const part = (span.end - span.start) / total, room = part * overview.clientWidth;
      const named = room > title(span).length * 7 + 14;
      const block = el("i", `c${span.mostly}${room < 12 ? " thin" : ""}`, named ? title(span) : "");
      block.style.left = `${span.start / total * 100}%`;
      block.style.width = `${part * 100}%`;
      overview.append(block);
    }
    overview.append(el("b"), el("b"));
  };

  const redraw = () => { draw(true); drawAxis(); };

  // ---- zoom

  const zoomTo = (start, end, quietly) => {
    const least = Math.min(total, Math.max(10, total / 1e7));
    let length = Math.min(total, Math.max(least, end - start));
    from = Math.min(Math.max(0, (start + end - length) / 2), total - length);
    to = from + length;
    redraw();
    if (!quietly) say(from === 0 && to === total ? "The whole run" : `From ${short(from)} to ${short(to)}`);
  };
  const zoom = (factor, around = (from + to) / 2) => zoomTo(around - (around - from) * factor, around + (to - around) * factor);
  const zoomToSpan = (span) => {
    const margin = (span.end - span.start) * 0.04;
    zoomTo(span.start - margin, span.end + margin);
  };
  const pan = (part) => {
    const by = Math.min(Math.max(part * (to - from), -from), total - to);
    zoomTo(from + by, to + by, true);
  };
  $("in").addEventListener("click", () => zoom(0.5));
  $("out").addEventListener("click", () => zoom(2));
  $("fit").addEventListener("click", () => zoomTo(0, total));
  $("critical").addEventListener("click", () => {
    const on = tree.classList.toggle("critical");
    $("critical").setAttribute("aria-pressed", on);
  });

  /** Selecting a range with the pointer, on the timeline or on the whole run above it. */
  let drag = null;
  const timeAt = (event, box, start, end) => start + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (end - start);
  const begin = (event, whole) => {
    const box = (whole ? overview : axis).getBoundingClientRect();
    if (event.button || event.clientX < box.left || event.clientX > box.right || event.target.closest(".tw, .name, .wall")) return;
    drag = { box, whole, x: event.clientX, first: timeAt(event, box, whole ? 0 : from, whole ? total : to), moved: false };
  };
  tree.addEventListener("pointerdown", (event) => begin(event, false));
  overview.addEventListener("pointerdown", (event) => begin(event, true));
  addEventListener("pointermove", (event) => {
    if (!drag || Math.abs(event.clientX - drag.x) < 4 && !drag.moved) return;
    drag.moved = true;
    const range = $("range"), { box } = drag;
    const now = Math.min(Math.max(event.clientX, box.left), box.right);
    if (drag.whole) overview.append(range); else tree.append(range);
    const left = drag.whole ? box.left : tree.getBoundingClientRect().left;
    range.hidden = false;
    range.style.left = `${Math.min(now, drag.x) - left}px`;
    range.style.width = `${Math.abs(now - drag.x)}px`;
    range.style.height = drag.whole ? "100%" : `${HEAD + rows.length * rowHeight()}px`;
  });
  const finish = (event) => {
    if (!drag) return;
    const { box, whole, first, moved } = drag;
    $("range").hidden = true;
    drag = null;
    if (!moved || event.type === "pointercancel") return;
    const second = timeAt(event, box, whole ? 0 : from, whole ? total : to);
    zoomTo(Math.min(first, second), Math.max(first, second));
    dragged = true;
    setTimeout(() => { dragged = false; });
  };
  let dragged = false;
  addEventListener("pointerup", finish);
  addEventListener("pointercancel", finish);
  tree.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
    event.preventDefault();
    if (event.shiftKey) pan((event.deltaY || event.deltaX) / 1000);
    else zoom(2 ** (event.deltaY / 200), timeAt(event, axis.getBoundingClientRect(), from, to));
  }, { passive: false });

  // ---- details

  const detail = (i) => {
    const span = spans[i], { rest } = span, u = rest.u || [];
    const panel = $("details");
    panel.replaceChildren();
    const path = [];
    for (let up = span.parent; up >= 0; up = spans[up].parent) path.push(up);
    const named = path.reverse().map((up) => title(spans[up]));
    if (named.length > 4) named.splice(2, named.length - 4, "…");
    if (named.length) {
      const line = el("p", "in");
      named.forEach((name, n) => line.append(n ? " › " : "", el("bdi", "", name)));
      panel.append(line);
    }
    const heading = el("h3");
    heading.append(el("bdi", "", title(span)));
    panel.append(heading);
    const marks = el("p", "tags");
    for (const [kind, text] of tags(span)) marks.append(el("span", `tag ${kind}`, text));
    if (marks.firstChild) panel.append(marks);
    const list = el("dl");
    const line = (name, value, c) => {
      const pair = el("div"), term = el("dt", c === undefined ? "" : "sub", name);
      if (c !== undefined) term.prepend(el("i", `c${c}`));
      pair.append(term, el("dd", "", value));
      list.append(pair);
    };
    const when = (some, name, value) => { if (some) line(name, value); };
    line("Wall", short(span.wall));
    line("From … to", `${short(span.start)} … ${short(span.end)}`);
    when(isParent(span), "Itself", short(rest.s || 0));
    when(span.onPath, "Of the critical path", short(span.onPath));
    line("Part of the run", `${short(attributed(span))}, ${percent(attributed(span), wall)}`);
    const parts = spentOf(span);
    parts.map((ns, c) => [ns, c]).filter(([ns]) => ns).sort((a, b) => b[0] - a[0]).forEach(([ns, c]) => line(CLASSES[c], short(ns), c));
    when(rest.b, "Polled", short(rest.b));
    when(rest.n, "Spans in this row", (rest.n || 0).toLocaleString("en"));
    when(rest.t, "Attempts", rest.t);
    when(rest.r, "Retries in it", rest.r);
    when(rest.h !== undefined, "Hits", rest.h);
    when(u[0], "Model calls", u[0]);
    when(u[1] || u[2], "Tokens read → written", `${(u[1] || 0).toLocaleString("en")} → ${(u[2] || 0).toLocaleString("en")}`);
    when(u[3], "read from the provider's cache", (u[3] || 0).toLocaleString("en"));
    when(u[4], "put into the provider's cache", (u[4] || 0).toLocaleString("en"));
    when(u[5], "written to reason", (u[5] || 0).toLocaleString("en"));
    when(u[0] || u[6], "Cost", u[6] ? money(u[6]) + (u[7] < u[0] ? `, of ${u[7]} of the ${u[0]} calls` : "") : u[7] ? "$0" : "unknown");
    when(u[8], "First token after", short(u[8] || 0));
    when(rest.k, "Outputs from the cache", rest.k);
    when(rest.v, "Time spared by it", short(rest.v || 0));
    panel.append(list);
    const button = el("button", "", "Zoom to this span");
    button.type = "button";
    button.addEventListener("click", () => zoomToSpan(span));
    panel.append(button);
  };
  const rest = () => detail(selected >= 0 ? selected : focused);
  const select = (i) => {
    const before = drawn.get(selected);
    before?.setAttribute("aria-selected", false);
    selected = i;
    drawn.get(i)?.setAttribute("aria-selected", true);
    if (i < 0) return;
    detail(i);
    if (stacked.matches) $("details").scrollIntoView({ block: "nearest" });
    say([...$("details").querySelectorAll("dl div")].map((pair) => `${pair.firstChild.textContent}: ${pair.lastChild.textContent}`).join("; "));
  };
  holder.addEventListener("pointerover", (event) => {
    const row = event.target.closest(".row");
    if (row && !drag?.moved && event.pointerType === "mouse") detail(Number(row.dataset.i));
  });
  holder.addEventListener("pointerleave", rest);

  // ---- the tree by keyboard and pointer

  const focus = (i, quietly) => {
    drawn.get(focused)?.setAttribute("tabindex", -1);
    focused = i;
    const height = rowHeight(), top = place[i] * height;
    if (top < tree.scrollTop) tree.scrollTop = top;
    else if (top + height + HEAD > tree.scrollTop + tree.clientHeight) tree.scrollTop = top + height + HEAD - tree.clientHeight;
    draw(false);
    const row = drawn.get(i);
    row.tabIndex = 0;
    if (!quietly) row.focus({ preventScroll: true });
    detail(i);
  };
  const toggle = (i, open) => {
    if (!isParent(spans[i])) return;
    if (open) closed.delete(i); else closed.add(i);
    // The focus does not stay in what is hidden now.
    if (!open && focused > i && focused < spans[i].last) focused = i;
    layOut();
    redraw();
  };
  const setAll = (open) => {
    closed.clear();
    if (!open) for (const span of spans) if (span.depth > 0 && isParent(span)) closed.add(span.i);
    while (spans[focused].depth > 1 && !open) focused = spans[focused].parent;
    layOut();
    redraw();
    say(many(rows.length, "row"));
  };
  $("expand").addEventListener("click", () => setAll(true));
  $("collapse").addEventListener("click", () => setAll(false));

  holder.addEventListener("focusin", (event) => {
    const row = event.target.closest(".row");
    if (row && Number(row.dataset.i) !== focused) focus(Number(row.dataset.i), true);
    else if (row && selected < 0) detail(focused);
  });
  holder.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row || dragged) return;
    const i = Number(row.dataset.i);
    focus(i);
    if (event.target.closest(".tw") && isParent(spans[i])) toggle(i, closed.has(i));
    else select(i);
  });
  holder.addEventListener("dblclick", (event) => {
    const row = event.target.closest(".row");
    if (row && !event.target.closest(".tw")) zoomToSpan(spans[Number(row.dataset.i)]);
  });
  const KEYS = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(Math.max(1, Math.floor(tree.clientHeight / rowHeight()) - 2)),
    PageUp: () => move(-Math.max(1, Math.floor(tree.clientHeight / rowHeight()) - 2)),
    Home: () => focus(rows[0]),
    End: () => focus(rows[rows.length - 1]),
    ArrowRight: () => {
      if (closed.has(focused)) toggle(focused, true);
      else if (isParent(spans[focused])) focus(focused + 1);
    },
    ArrowLeft: () => {
      if (isParent(spans[focused]) && !closed.has(focused)) toggle(focused, false);
      else if (spans[focused].parent >= 0) focus(spans[focused].parent);
    },
    Enter: () => select(focused),
    " ": () => select(focused),
    Escape: () => { select(-1); zoomTo(0, total); },
    "*": () => {
      for (const span of spans) if (span.parent === spans[focused].parent) closed.delete(span.i);
      layOut();
      redraw();
    },
    "+": () => zoom(0.5, middle()),
    "=": () => zoom(0.5, middle()),
    "-": () => zoom(2, middle()),
    "0": () => zoomTo(0, total),
    z: () => zoomToSpan(spans[focused]),
  };
  const move = (by) => focus(rows[Math.min(rows.length - 1, Math.max(0, place[focused] + by))]);
  /** The middle of what can be seen of the span in focus. */
  const middle = () => {
    const start = Math.max(from, spans[focused].start), end = Math.min(to, spans[focused].end);
    return start <= end ? (start + end) / 2 : (from + to) / 2;
  };
  holder.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) pan(event.key === "ArrowLeft" ? -0.2 : 0.2);
    else if (Object.hasOwn(KEYS, event.key)) KEYS[event.key]();
    else return;
    event.preventDefault();
  });

  // ---- finding

  const find = $("find");
  find.addEventListener("input", () => {
    const sought = find.value.trim().toLowerCase();
    matches = new Set(sought ? spans.filter((span) => `${title(span)} ${tags(span).map(([, text]) => text).join(" ")}`.toLowerCase().includes(sought)).map((span) => span.i) : []);
    $("found").textContent = sought ? many(matches.size, "span") : "";
    redraw();
  });
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !matches.size) return;
    const found = [...matches];
    const next = (event.shiftKey ? found.reverse().find((i) => i < focused) : found.find((i) => i > focused)) ?? found[0];
    for (let up = spans[next].parent; up >= 0; up = spans[up].parent) closed.delete(up);
    layOut();
    focus(next, true);
    redraw();
    select(next);
    $("found").textContent = `${[...matches].indexOf(next) + 1} of ${matches.size}`;
  });

  // ---- start

  layOut();
  tree.classList.add("critical");
  drawOverview();
  redraw();
  detail(0);
  let waiting = 0;
  tree.addEventListener("scroll", () => {
    waiting ||= requestAnimationFrame(() => { waiting = 0; draw(false); });
  }, { passive: true });
  new ResizeObserver(redraw).observe(tree);
  narrow.addEventListener("change", redraw);
  // On paper there is no scrolling: up to 1,000 rows.
  const onPaper = (on) => () => { everything = on; redraw(); };
  addEventListener("beforeprint", onPaper(true));
  addEventListener("afterprint", onPaper(false));
};
if ($("tree")) drawTimeline();
