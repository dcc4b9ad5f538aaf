// SPDX-License-Identifier: MIT
// Losses, publishers, charts, colours, the keyboard, and who cannot see the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUsage } from '../fake_events.mjs';
import { clickRow, event, held, onlyMadeUp, open, rows, screenshot, seen, until } from './harness.mjs';

function publishUsage(relay) {
    for (let second = 0; second < 120; second++) {
        relay.publish(makeUsage(second, Date.now() - (120 - second) * 1000), 'web1');
    }
}

test('a gap is a row, and a banner says what was lost', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 300 } });
    await until(() => held(page), (count) => count === 300, 'history');
    relay.lose(12_345, 'kernel', 'db1');
    relay.lose(55);
    const shown = await until(async () => (await seen(page)).filter(({ gap }) => gap), (list) => list.length === 2, 'the gaps');
    assert.match(shown[0].text, /^12,345 events lost at the kernel of db1 .*between \d\d:\d\d:\d\d\.\d{3} and/);
    const banner = page.getByRole('alert');
    const says = (pattern) => until(() => banner.innerText(), (text) => pattern.test(text), String(pattern));
    await says(/12,400 events lost[\s\S]*12,345 at the kernel of db1, 55 at the spool of web1/);
    await screenshot(page, 'lost');
    await page.locator('#filter').fill('absent-from-all');
    await until(() => rows(page), (count) => count === 2, 'only the gaps');
    await banner.getByRole('button', { name: 'Dismiss' }).click();
    await banner.waitFor({ state: 'detached' });
    relay.lose(1);
    await says(/12,401 events lost/);
});

test('what the page was too slow for is a row that leads to the store', onlyMadeUp, async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 3000 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    relay.miss(20_000);
    const shown = await until(() => seen(page), (list) => list.at(-1)?.gap, 'the row');
    assert.match(shown.at(-1).text, /20,000 events not shown/);
    await clickRow(page, ({ gap }) => gap);
    await page.getByRole('button', { name: 'Show these rows from the store' }).click();
    await page.getByRole('button', { name: 'Back to live' }).waitFor();
    await until(() => page.evaluate(() => globalThis.etwas.selectedId), (id) => id === '1:1', 'the row in the store');
});

test('publishers: who is well, who is silent, who waits, and the command to let them in', onlyMadeUp, async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 10 } });
    const now = () => new Date().toISOString();
    relay.publishers = [
        { Fingerprint: 'SHA256:3f9YxQ1mAqv0bWb3cL+PzK7nJ2tH5sR8dE6gU4oIxZk', Computer: 'web1', State: 'trusted', FirstSeen: now(), get LastSeen() { return now(); }, Events: 1_234_567, Bytes: 91_000_000, Rate: 1234.5,
            Lost: { Kernel: 0, Monitor: 0, Spool: 0 }, Streams: [{ Stream: '0'.repeat(32), Sequence: 5 }] },
        { Fingerprint: 'SHA256:Qm2v1ZxY9fA0bWb3cL+PzK7nJ2tH5sR8dE6gU4oIxZk', Computer: 'db1', State: 'trusted', FirstSeen: now(), get LastSeen() { return new Date(Date.now() - 95_000).toISOString(); }, Events: 88, Bytes: 5000, Rate: 0,
            Lost: { Kernel: 12_345, Monitor: 0, Spool: 500 }, Streams: [] },
        { Fingerprint: 'SHA256:n0tApprovedYet+/bWb3cL+PzK7nJ2tH5sR8dE6gU4oI', Computer: 'new-laptop', State: 'pending', FirstSeen: now(), LastSeen: now(), Events: 0, Bytes: 0, Rate: 0, Lost: {}, Streams: [] },
    ];
    await page.getByRole('tab', { name: /Publishers/ }).click();
    await page.locator('.approval').waitFor();
    const table = await page.locator('.publishers table').innerText();
    assert.match(table, /trusted\s+web1\s+(now|\d+ s ago)\s+1,235\s+1,234,567\s+91\.0 MB\s+none/);
    assert.match(table, /silent\s+db1\s+(9\d|1\d\d) s ago\s+0\s+88\s+5\.0 kB\s+12,345 kernel, 500 spool/);
    assert.equal(await page.locator('.approval .command code').innerText(), 'etwass --approve SHA256:n0tApprovedYet+/bWb3cL+PzK7nJ2tH5sR8dE6gU4oI');
    assert.match(await page.getByRole('tab', { name: /Publishers/ }).innerText(), /1 new/);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('.approval').getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied').waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^etwass --approve SHA256:n0t/);
    await screenshot(page, 'publishers');
    await page.getByRole('button', { name: 'db1' }).click();
    await until(() => page.locator('#filter').inputValue(), (text) => text === 'computer=db1', 'the filter');
});

test('charts show processors and processes', async (t) => {
    const { page, faults } = await open(t, { prepare: publishUsage, hash: '#tab=charts', size: [1920, 1080] });
    await until(() => page.locator('.chart .legend li').count(), (count) => count >= 10, 'the legends');
    const [cpu, processes] = await page.locator('.chart').allInnerTexts();
    assert.match(cpu, /web1 · processors[\s\S]*all CPUs\s*[\d.]+ %[\s\S]*CPU 3/);
    assert.match(processes, /postgres \(900\)\s*[\d.]+ %/);
    const colours = () => page.evaluate(() => [...document.querySelectorAll('.chart canvas')].map((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const found = new Set();
        for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] > 200) {
                found.add(`${data[i] >> 4},${data[i + 1] >> 4},${data[i + 2] >> 4}`);
            }
        }
        return found.size;
    }));
    await until(colours, (counts) => counts.length === 2 && counts.every((count) => count >= 5), 'lines of all colours');
    await screenshot(page, 'charts');
    assert.deepEqual(faults, []);
});

test('dark and light, as the system says or as it is chosen', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 800 }, colorScheme: 'dark', prepare: publishUsage });
    await until(() => held(page), (count) => count > 800, 'history');
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const is = (color, why) => until(background, (now) => now === color, why);
    await is('rgb(20, 24, 28)', 'dark');
    relay.lose(5);
    await page.waitForTimeout(600);
    await screenshot(page, 'dark');
    await page.keyboard.press('2');
    await page.waitForTimeout(600);
    await screenshot(page, 'dark-charts');
    await page.getByRole('button', { name: 'Light colours' }).click();
    await is('rgb(244, 245, 246)', 'light');
    await page.reload();
    await page.locator('.grid').waitFor({ state: 'attached' });
    await is('rgb(244, 245, 246)', 'light, as it was chosen');
});

test('all of it can be done from the keyboard', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 200 } });
    await until(() => held(page), (count) => count === 200, 'history');
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'filter');
    await page.keyboard.type('jk ?');
    assert.equal(await page.locator('#filter').inputValue(), 'jk ?', 'letters are letters in the box');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('k');
    const index = () => page.locator('.row.selected').getAttribute('aria-rowindex').then(Number);
    const last = await index();
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await until(index, (now) => now === last - 2, 'two rows up');
    await page.keyboard.press('j');
    await until(index, (now) => now === last - 1, 'one down');
    await page.keyboard.press('Enter');
    await page.locator('.detail').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.detail').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.locator('.row.selected').waitFor({ state: 'detached' });
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Help' }).waitFor();
    await screenshot(page, 'help');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('f');
    await page.locator('.facets').waitFor({ state: 'detached' });
    await page.keyboard.press('h');
    await page.locator('.histogram').waitFor({ state: 'detached' });
    relay.publish([event()]);
    await until(() => rows(page), (count) => count === 201, 'it still follows');
    await page.keyboard.press('G');
    await page.keyboard.press('PageUp');
});

test('whoever cannot see it is told what is what', async (t) => {
    const { page } = await open(t, { relay: { generated: 400 } });
    await until(() => held(page), (count) => count === 400, 'history');
    const grid = page.getByRole('grid', { name: 'Events' });
    await until(() => grid.getAttribute('aria-rowcount'), (count) => count === '401', 'the count of rows');
    assert.equal(await grid.getAttribute('aria-colcount'), '6');
    assert.equal(await page.getByRole('columnheader').count(), 6);
    assert.ok(await page.getByRole('row').count() > 10);
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, [role=tab]')]
        .filter((element) => !(element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.[0]?.textContent.trim()))
        .map((element) => element.outerHTML.slice(0, 100)));
    assert.deepEqual(nameless, []);
    await grid.focus();
    await page.keyboard.press('ArrowUp');
    const active = await until(() => grid.getAttribute('aria-activedescendant'), (id) => id !== null, 'the active row');
    assert.equal(await page.locator(`#${active}`).getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Tab');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid', 'where the focus is can be seen');
});

for (const size of [[1280, 800], [1920, 1080]]) {
    test(`it fits ${size.join('x')}`, async (t) => {
        const { page, relay } = await open(t, { relay: { generated: 1200 }, size, prepare: publishUsage });
        await until(() => held(page), (count) => count > 1200, 'history');
        relay.lose(500, 'kernel', 'db1');
        await page.getByRole('alert').waitFor();
        await clickRow(page);
        await page.locator('.detail').waitFor();
        const over = await page.evaluate(() => ({ x: document.documentElement.scrollWidth - innerWidth, y: document.documentElement.scrollHeight - innerHeight }));
        assert.deepEqual(over, { x: 0, y: 0 });
        const bar = await page.locator('.filterbar').evaluate((element) => element.scrollWidth - element.clientWidth);
        assert.equal(bar, 0);
        await screenshot(page, `whole-${size[0]}`);
    });
}
