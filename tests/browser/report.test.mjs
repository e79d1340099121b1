// The HTML report in a real browser: what is seen, what the keyboard does, what hostile names cannot do.
//
// Run by scripts/browser.sh, which builds the pages and says where they and Chromium are.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const pages = process.env.REPORTS;
const address = (name) => pathToFileURL(`${pages}/${name}.html`).href;
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
});
after(async () => { await browser?.close(); });

/** Opens a page, and notes all that must not happen. */
async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('dialog', (dialog) => { wrong.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => request.url() === address(name) || wrong.push(`request ${request.url()}`));
  await page.goto(address(name));
  if (options.javaScriptEnabled !== false) await page.waitForSelector('.row');
  return { page, wrong, close: () => context.close() };
}

const chosen = (page) => page.getAttribute('#grid', 'aria-activedescendant').then((id) => page.textContent(`#${id} bdi`));

test('it opens from disk, asks for nothing and shows every span', async () => {
  const { page, wrong, close } = await open('usual');
  const names = await page.locator('.row bdi').allTextContents();
  for (const name of ['invoke_agent soar', 'decompose', 'execute_tool calendar', 'chat large', 'respond']) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
  assert.equal(await page.locator('.row').count(), Number(await page.getAttribute('#grid', 'aria-rowcount')));
  assert.match(await page.getAttribute('#span-0', 'aria-label'), /^invoke_agent soar, 3\d\d ms, mostly model/);
  assert.deepEqual(wrong, []);
  await close();
});

test('the keyboard reaches everything in the timeline', async () => {
  const { page, wrong, close } = await open('usual');
  await page.focus('#grid');
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
    await page.waitForTimeout(50);
  };
  await press('ArrowDown', 'ArrowDown', 'ArrowDown');
  assert.equal(await chosen(page), 'retrieve');
  assert.match(await page.textContent('#detail'), /retrieve.*Wall7\.00 ms/);
  const rows = await page.locator('.row').count();
  await press('ArrowLeft');
  assert.equal(await page.getAttribute('.row[aria-selected="true"]', 'aria-expanded'), 'false');
  assert.equal(await page.locator('.row').count(), rows - 1);
  await press('ArrowRight', 'ArrowRight');
  assert.equal(await chosen(page), 'retrieval');
  await press('ArrowLeft');
  assert.equal(await chosen(page), 'retrieve');
  await press('End');
  assert.equal(await chosen(page), 'respond');
  await press('Home');
  assert.equal(await chosen(page), 'invoke_agent soar');
  const whole = await page.textContent('#ruler');
  await press('End', 'Enter');
  assert.notEqual(await page.textContent('#ruler'), whole, 'Enter zooms to the span');
  await press('0');
  assert.equal(await page.textContent('#ruler'), whole, '0 shows the whole run');
  await press('+');
  assert.notEqual(await page.textContent('#ruler'), whole);
  assert.equal(await page.isDisabled('#all'), false);
  assert.deepEqual(wrong, []);
  await close();
});

test('buttons: critical path, theme, sorting', async () => {
  const { page, wrong, close } = await open('usual');
  assert.ok((await page.locator('.step').count()) > 5);
  await page.click('#path');
  assert.equal(await page.getAttribute('#path', 'aria-pressed'), 'false');
  assert.equal(await page.locator('.step:visible').count(), 0);
  await page.click('#theme');
  await page.click('#theme');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  const first = () => page.textContent('table >> nth=0 >> tbody tr >> nth=0 >> th');
  assert.equal(await first(), 'normalize');
  await page.click('table >> nth=0 >> text=wall');
  assert.equal(await first(), 'synthesize');
  assert.equal(await page.getAttribute('table >> nth=0 >> th >> nth=1', 'aria-sort'), 'descending');
  assert.deepEqual(wrong, []);
  await close();
});

for (const width of [1400, 480]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`at ${width} pixels, ${colorScheme}: nothing is cut off and all text can be read`, async () => {
      const { page, wrong, close } = await open('usual', { viewport: { width, height: 900 }, colorScheme });
      const { inner, whole } = await page.evaluate(() => ({ inner: innerWidth, whole: document.documentElement.scrollWidth }));
      assert.ok(whole <= inner, `the page is ${whole} wide`);
      const low = await page.evaluate(() => {
        const style = getComputedStyle(document.documentElement);
        const colour = (name) => {
          const probe = document.body.appendChild(document.createElement('i'));
          probe.style.color = style.getPropertyValue(name);
          const parts = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
          probe.remove();
          return parts;
        };
        const light = (parts) => {
          const [r, g, b] = parts.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (a, b) => {
          const [x, y] = [light(colour(a)), light(colour(b))].sort((m, n) => n - m);
          return (x + 0.05) / (y + 0.05);
        };
        const texts = ['--text', '--dim', '--alarm', '--accent'].flatMap((c) => ['--ground', '--panel', '--chosen'].map((g) => [c, g, 4.5]));
        const shapes = ['cpu', 'model', 'tool', 'store', 'queue', 'back_off', 'other', 'path'].map((c) => [`--${c}`, '--ground', 3]);
        return [...texts, ...shapes].filter(([a, b, least]) => contrast(a, b) < least).map(([a, b]) => `${a} on ${b}: ${contrast(a, b)}`);
      });
      assert.deepEqual(low, []);
      await page.screenshot({ path: `${pages}/report-${width}-${colorScheme}.png`, fullPage: true });
      assert.deepEqual(wrong, []);
      await close();
    });
  }
}

test('hostile names are text', async () => {
  const { page, wrong, close } = await open('hostile');
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img, iframe, object, embed, link').count(), 0);
  assert.equal(await page.locator('script').count(), 2);
  const names = (await page.locator('.row bdi').allTextContents()).join('\n');
  assert.match(names, /<\/script><script>hacked=1<\/script><img src=x onerror=hacked=1>/);
  assert.deepEqual(wrong, []);
  await close();
});

test('without scripts the tables are there', async () => {
  const { page, close } = await open('usual', { javaScriptEnabled: false });
  assert.match(await page.textContent('table >> nth=0'), /decompose.*synthesize/s);
  assert.match(await page.textContent('noscript'), /The line of time needs scripts/);
  assert.ok(await page.isHidden('#timeline'));
  assert.ok(await page.isVisible('text=Were it free'));
  await close();
});

test('ten thousand spans are drawn as they come into view', async () => {
  const start = performance.now();
  const { page, wrong, close } = await open('large');
  console.log(`ten thousand spans: ${Math.round(performance.now() - start)} ms from opening to the first row`);
  await page.focus('#grid');
  for (let n = 0; n < 11; n += 1) await page.keyboard.press('ArrowDown');
  for (let n = 0; n < 40 && (await chosen(page)) !== 'collect'; n += 1) await page.keyboard.press('ArrowUp');
  assert.ok(Number(await page.getAttribute('#grid', 'aria-rowcount')) > 10_000);
  await page.keyboard.press('End');
  await page.waitForFunction(() => document.querySelector('.row[aria-selected="true"] bdi')?.textContent === 'respond');
  assert.ok((await page.locator('.row').count()) < 120);
  assert.deepEqual(wrong, []);
  await close();
});
