'use strict';
(() => {
  const run = JSON.parse(document.getElementById('data').textContent);
  const spans = run.spans;
  const CLASSES = run.classes;
  const $ = (id) => document.getElementById(id);
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Theme: the system's, or the one chosen.
  const theme = $('theme');
  const themes = ['auto', 'light', 'dark'];
  theme.hidden = false;
  theme.addEventListener('click', () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || 'auto') + 1) % themes.length];
    if (next === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    theme.textContent = `Theme: ${next}`;
  });

  // Tables are sorted by the values that their cells carry.
  for (const table of document.querySelectorAll('table')) {
    table.querySelectorAll('thead th').forEach((head, column) => {
      const button = make('button', '', head.textContent);
      button.type = 'button';
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const down = head.getAttribute('aria-sort') !== 'descending';
        table.querySelectorAll('thead th').forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const value = (row) => {
          const cell = row.children[column];
          return cell.dataset.value === undefined ? cell.textContent.toLowerCase() : Number(cell.dataset.value);
        };
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((a, b) => {
          const [x, y] = [value(a), value(b)];
          return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
        });
        body.append(...rows);
      });
    });
  }

  const grid = $('grid');
  if (!grid) return;
  $('timeline').hidden = false;
  const rowsBox = $('rows');
  const ruler = $('ruler');
  const detail = $('detail');
  const tip = $('tip');
  const ROW = 26;
  const wall = Math.max(run.wall, 1);

  // Of every span, the index behind its subtree, and its place among its siblings.
  const behind = new Array(spans.length);
  const place = new Array(spans.length);
  const siblings = new Array(spans.length).fill(0);
  spans.forEach((span, index) => {
    behind[index] = index + 1;
    place[index] = span.parent === null ? 1 : (siblings[span.parent] += 1);
  });
  for (let index = spans.length - 1; index > 0; index -= 1) {
    const parent = spans[index].parent;
    behind[parent] = Math.max(behind[parent], behind[index]);
  }
  const steps = new Map();
  for (const [node, start, end] of run.path) {
    if (!steps.has(node)) steps.set(node, []);
    steps.get(node).push([start, end]);
  }

  const folded = new Set();
  let shown = [];
  let chosen = 0;
  let from = 0;
  let to = wall;

  const UNITS = [['ns', 1, 1e3], ['µs', 1e3, 1e3], ['ms', 1e6, 1e3], ['s', 1e9, 1e3], ['min', 6e10, 1e3], ['h', 3.6e12, Infinity]];
  function time(nanos) {
    for (const [unit, length, limit] of UNITS) {
      const value = nanos / length;
      if (Math.round(value) >= limit) continue;
      const digits = length === 1 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
      return `${value.toFixed(digits)} ${unit}`;
    }
    return '';
  }
  const count = (n, one) => `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`;
  const percent = (part) => `${(part * 100).toFixed(1)} %`;
  const className = (name) => (name === 'back_off' ? 'back-off' : name);

  function mainClass(span) {
    let best = 'other';
    let most = -1;
    CLASSES.forEach((name, n) => {
      if (span.spent[n] > most) [best, most] = [name, span.spent[n]];
    });
    return most > 0 ? best : 'other';
  }

  function marks(span) {
    const marks = [];
    if (span.outcome) marks.push(span.error && span.outcome === 'failed' ? `failed: ${span.error}` : span.outcome);
    if (span.open) marks.push('still open');
    if (span.count > 1) marks.push(`×${span.count.toLocaleString('en')}`);
    if (span.attempts > 1) marks.push(`${span.attempts} attempts`);
    return marks;
  }

  function refresh() {
    shown = [];
    for (let index = 0; index < spans.length;) {
      shown.push(index);
      index = folded.has(index) ? behind[index] : index + 1;
    }
    grid.setAttribute('aria-rowcount', String(shown.length));
    rowsBox.style.height = `${shown.length * ROW}px`;
    draw();
  }

  const at = (nanos) => ((nanos - from) / (to - from)) * 100;

  function bar(element, start, end) {
    const left = Math.max(at(start), -1);
    const right = Math.min(at(end), 101);
    if (right < 0 || left > 100) return false;
    element.style.left = `${left}%`;
    element.style.width = `${Math.max(right - left, 0)}%`;
    return true;
  }

  function row(index, line) {
    const span = spans[index];
    const element = make('div', 'row');
    element.id = `span-${index}`;
    element.style.top = `${line * ROW}px`;
    element.setAttribute('role', 'row');
    element.setAttribute('aria-level', String(span.depth + 1));
    element.setAttribute('aria-rowindex', String(line + 1));
    element.setAttribute('aria-posinset', String(place[index]));
    element.setAttribute('aria-setsize', String(span.parent === null ? 1 : siblings[span.parent]));
    element.setAttribute('aria-selected', String(index === chosen));
    const parent = behind[index] > index + 1;
    if (parent) element.setAttribute('aria-expanded', String(!folded.has(index)));
    const said = marks(span);
    const path = steps.has(index) ? ', on the critical path' : '';
    element.setAttribute('aria-label', `${span.title}, ${time(span.wall)}, mostly ${className(mainClass(span))}${said.length ? `, ${said.join(', ')}` : ''}${path}`);

    const name = make('div', 'name');
    name.setAttribute('role', 'gridcell');
    const indent = make('span', 'indent');
    indent.style.width = `${Math.min(span.depth, 8) * 14}px`;
    const twist = make('span', 'twist', parent ? (folded.has(index) ? '▸' : '▾') : '');
    twist.setAttribute('aria-hidden', 'true');
    name.append(indent, twist);
    if (span.depth > 8) name.append(make('span', 'level', `${span.depth}›`));
    name.append(make('bdi', '', span.title));

    const length = make('div', 'wall', time(span.wall));
    length.setAttribute('role', 'gridcell');

    const track = make('div', 'track');
    track.setAttribute('role', 'gridcell');
    const block = make('div', `span ${mainClass(span)} ${span.outcome || ''}`);
    if (bar(block, span.start, span.end)) track.append(block);
    for (const [start, end] of steps.get(index) || []) {
      const step = make('div', 'step');
      if (bar(step, start, end)) track.append(step);
    }
    if (said.length) {
      const mark = make('span', 'mark');
      const text = make(span.outcome === 'failed' || span.outcome === 'cancelled' ? 'b' : 'span', '', said.join(', '));
      mark.append(text);
      // Beside the bar, on the side where there is room.
      const end = Math.min(Math.max(at(span.end), 0), 100);
      if (end < 70) mark.style.left = `${end}%`;
      else mark.style.right = `${100 - Math.min(Math.max(at(span.start), 30), 100)}%`;
      track.append(mark);
    }
    element.append(name, length, track);
    return element;
  }

  let pending = 0;
  function draw() {
    if (pending) return;
    pending = requestAnimationFrame(() => {
      pending = 0;
      const first = Math.max(Math.floor(grid.scrollTop / ROW) - 8, 0);
      const last = Math.min(Math.ceil((grid.scrollTop + grid.clientHeight) / ROW) + 8, shown.length);
      const rows = [];
      for (let line = first; line < last; line += 1) rows.push(row(shown[line], line));
      rowsBox.replaceChildren(...rows);
      if ($(`span-${chosen}`)) grid.setAttribute('aria-activedescendant', `span-${chosen}`);
      else grid.removeAttribute('aria-activedescendant');
      drawRuler();
    });
  }

  // Round steps, so that four to eight fit.
  function drawRuler() {
    ruler.parentElement.style.paddingRight = `${grid.offsetWidth - grid.clientWidth}px`;
    const width = Math.max(ruler.clientWidth, 1);
    const wanted = Math.max(Math.min(Math.floor(width / 90), 8), 2);
    const rough = (to - from) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) || rough;
    const ticks = [];
    for (let tick = Math.ceil(from / step) * step; tick < to; tick += step) {
      const mark = make('i', '', time(Math.round(tick)).replace('0 ns', '0'));
      mark.style.left = `${at(tick)}%`;
      ticks.push(mark);
    }
    const range = ruler.querySelector('.range');
    ruler.replaceChildren(...ticks, ...(range ? [range] : []));
    $('all').disabled = from === 0 && to === wall;
  }

  function zoom(start, end) {
    const least = Math.max(wall / 1e6, 10);
    const middle = (start + end) / 2;
    const length = Math.min(Math.max(end - start, least), wall);
    from = Math.min(Math.max(middle - length / 2, 0), wall - length);
    to = from + length;
    draw();
  }
  const closer = (factor) => {
    const span = spans[chosen];
    const middle = Math.min(Math.max((span.start + span.end) / 2, from), to);
    const length = (to - from) * factor;
    zoom(middle - length / 2, middle + length / 2);
  };

  function describe() {
    const span = spans[chosen];
    const list = make('dl');
    const say = (name, value) => list.append(make('dt', '', name), make('dd', '', value));
    say('Start', time(span.start));
    say('Wall', time(span.wall));
    say('Self', time(span.self));
    say('Share of the run', percent(span.share));
    CLASSES.forEach((name, n) => span.spent[n] > 0 && say(`… ${className(name)}`, time(span.spent[n])));
    say('Polled', time(span.busy));
    const onPath = (steps.get(chosen) || []).reduce((sum, [start, end]) => sum + end - start, 0);
    if (onPath) say('Itself on the critical path', time(onPath));
    for (const [name, value] of span.facts) say(name, value);
    const said = marks(span);
    if (said.length) say('Ended', said.join(', '));
    const stack = make('div', 'stack');
    const sum = span.spent.reduce((a, b) => a + b, 0);
    CLASSES.forEach((name, n) => {
      if (!span.spent[n]) return;
      const part = make('span', name);
      part.style.width = `${(span.spent[n] / sum) * 100}%`;
      stack.append(part);
    });
    const heading = make('h3');
    heading.append(make('bdi', '', span.title));
    detail.replaceChildren(heading, ...(sum ? [stack] : []), list);
  }

  function choose(index, scroll = true) {
    chosen = index;
    if (scroll) {
      const line = shown.indexOf(index);
      const top = line * ROW;
      if (top < grid.scrollTop) grid.scrollTop = top;
      else if (top + ROW > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + ROW - grid.clientHeight;
    }
    describe();
    draw();
  }

  function fold(index, close) {
    if (behind[index] === index + 1 || folded.has(index) === close) return false;
    if (close) folded.add(index);
    else folded.delete(index);
    refresh();
    return true;
  }

  grid.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const line = shown.indexOf(chosen);
    const go = (to) => choose(shown[Math.min(Math.max(to, 0), shown.length - 1)]);
    const page = Math.max(Math.floor(grid.clientHeight / ROW) - 1, 1);
    const keys = {
      ArrowDown: () => go(line + 1),
      ArrowUp: () => go(line - 1),
      PageDown: () => go(line + page),
      PageUp: () => go(line - page),
      Home: () => go(0),
      End: () => go(shown.length - 1),
      ArrowRight: () => fold(chosen, false) || (behind[chosen] > chosen + 1 && go(line + 1)),
      ArrowLeft: () => fold(chosen, true) || (spans[chosen].parent !== null && choose(spans[chosen].parent)),
      Enter: () => zoom(spans[chosen].start - spans[chosen].wall * 0.05, spans[chosen].end + spans[chosen].wall * 0.05),
      '+': () => closer(0.5),
      '=': () => closer(0.5),
      '-': () => closer(2),
      0: () => zoom(0, wall),
    };
    if (!keys[event.key]) return;
    keys[event.key]();
    event.preventDefault();
  });
  const spanAt = (event) => {
    const element = event.target.closest('.row');
    return element ? Number(element.id.slice(5)) : null;
  };
  grid.addEventListener('click', (event) => {
    const index = spanAt(event);
    if (index === null) return;
    if (event.target.classList.contains('twist')) fold(index, !folded.has(index));
    choose(index, false);
  });
  grid.addEventListener('dblclick', (event) => {
    const index = spanAt(event);
    if (index !== null) zoom(spans[index].start, spans[index].end);
  });
  grid.addEventListener('mousemove', (event) => {
    const index = spanAt(event);
    tip.hidden = index === null;
    if (index === null) return;
    const span = spans[index];
    tip.textContent = [`${span.title}: ${time(span.wall)}, mostly ${className(mainClass(span))}`, ...marks(span)].join(' · ');
    tip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 18, window.innerHeight - tip.offsetHeight - 8)}px`;
  });
  grid.addEventListener('mouseleave', () => { tip.hidden = true; });
  grid.addEventListener('scroll', () => { tip.hidden = true; draw(); }, { passive: true });
  window.addEventListener('resize', draw);

  // A range drawn on the ruler is zoomed to.
  let anchor = null;
  const timeAt = (event) => {
    const box = ruler.getBoundingClientRect();
    return from + (Math.min(Math.max(event.clientX - box.left, 0), box.width) / box.width) * (to - from);
  };
  ruler.addEventListener('pointerdown', (event) => {
    anchor = timeAt(event);
    ruler.setPointerCapture(event.pointerId);
    ruler.append(make('div', 'range'));
  });
  ruler.addEventListener('pointermove', (event) => {
    if (anchor === null) return;
    const end = timeAt(event);
    bar(ruler.querySelector('.range'), Math.min(anchor, end), Math.max(anchor, end));
  });
  ruler.addEventListener('pointerup', (event) => {
    const [start, end] = [anchor, timeAt(event)].sort((a, b) => a - b);
    anchor = null;
    ruler.querySelector('.range').remove();
    if (end - start > (to - from) / 200) zoom(start, end);
  });
  ruler.addEventListener('dblclick', () => zoom(0, wall));

  $('closer').addEventListener('click', () => closer(0.5));
  $('wider').addEventListener('click', () => closer(2));
  $('all').addEventListener('click', () => zoom(0, wall));
  $('path').addEventListener('click', (event) => {
    const on = event.currentTarget.getAttribute('aria-pressed') !== 'true';
    event.currentTarget.setAttribute('aria-pressed', String(on));
    $('timeline').classList.toggle('no-path', !on);
  });

  // What is long is shown folded below its third level.
  if (spans.length > 400) {
    spans.forEach((span, index) => {
      if (span.depth >= 2 && behind[index] > index + 1) folded.add(index);
    });
  }
  refresh();
  describe();
})();
