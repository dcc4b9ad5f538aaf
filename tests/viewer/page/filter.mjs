// SPDX-License-Identifier: MIT
// Filtering, facets, details, the histogram's brush, columns, and the address that holds it all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clickRow, event, filter, held, open, rows, screenshot, seen, until } from './harness.mjs';

const hash = (page) => new URLSearchParams(new URL(page.url()).hash.slice(1));

function publishKinds(relay) {
    for (let i = 0; i < 20; i++) {
        relay.publish([event({ Provider: 'alpha', Level: 'Error', LevelValue: 2, EventData: { comm: 'bash', Size: i } })], 'web1');
        relay.publish([event({ Provider: 'beta', EventData: { comm: 'nginx', Size: i * 100 } }), event({ Provider: 'gamma', ProcessName: 'idle' })], 'web2');
    }
}

test('the filter works as it is typed', async (t) => {
    const { page, faults } = await open(t, { prepare: publishKinds });
    await until(() => held(page), (count) => count === 60, 'history');
    const input = page.locator('#filter');
    await input.pressSequentially('nginx', { delay: 5 });
    await until(() => rows(page), (count) => count === 20, 'the rows of nginx');
    await input.pressSequentially(' Size>500', { delay: 5 });
    await until(() => rows(page), (count) => count === 14, 'the large ones');
    assert.ok((await seen(page)).every(({ text }) => text.includes('beta')));
    await until(() => hash(page).get('q'), (q) => q === 'nginx Size>500', 'the address');
    await input.press('Escape');
    await until(() => rows(page), (count) => count === 60, 'all rows');
    await filter(page, '-idle -level=Error');
    await until(() => rows(page), (count) => count === 20, 'the rest');
    await filter(page, 'nothing-has-this');
    await page.getByText('No row of 60 holds.').waitFor();
    await page.getByRole('button', { name: 'Take the filter away' }).click();
    await until(() => rows(page), (count) => count === 60, 'all rows');
    assert.deepEqual(faults, []);
});

test('facets count the whole buffer, and filter with a click', async (t) => {
    const { page, relay } = await open(t, { prepare: publishKinds });
    await until(() => held(page), (count) => count === 60, 'history');
    const facet = (name) => page.getByRole('region', { name });
    const value = (name, text) => facet(name).locator('li', { hasText: text });
    await until(() => value('Provider', 'alpha').locator('.count').innerText(), (text) => text === '20', 'the count');
    await value('Provider', 'alpha').getByRole('button', { name: /alpha/ }).first().click();
    await until(() => rows(page), (count) => count === 20, 'alpha');
    assert.equal(await value('Provider', 'beta').locator('.count').innerText(), '20', 'counts stay those of all rows');
    await value('Provider', 'beta').getByRole('button', { name: /beta/ }).first().click();
    await until(() => rows(page), (count) => count === 40, 'alpha and beta');
    await value('Computer', 'web1').hover();
    await page.getByRole('button', { name: 'Without web1' }).click();
    await until(() => rows(page), (count) => count === 20, 'without web1');
    await until(() => page.locator('#filter').inputValue(), (text) => text === 'provider=alpha|beta -computer=web1', 'the filter');
    relay.publish([event({ Provider: 'delta' })], 'web3');
    await value('Provider', 'delta').waitFor();
    await until(() => value('Level', '(none)').locator('.count').innerText(), (text) => text === '41', 'its count');
    await screenshot(page, 'facets');
});

test('the live tail goes on when the filter changes', async (t) => {
    const { page, relay } = await open(t, { prepare: publishKinds });
    await until(() => held(page), (count) => count === 60, 'history');
    await filter(page, 'provider=alpha');
    relay.publish([event({ Provider: 'beta' }), event({ Provider: 'alpha', EventName: 'Fresh' })]);
    await until(() => seen(page), (list) => list.at(-1)?.text.includes('Fresh'), 'the new row');
    await until(() => rows(page), (count) => count === 21, 'that one alone');
});

test('details show everything, and each value filters with a click', async (t) => {
    const { page } = await open(t, { prepare: publishKinds });
    await until(() => held(page), (count) => count === 60, 'history');
    await clickRow(page, ({ text }) => text.includes('nginx'));
    const detail = page.getByRole('complementary', { name: 'Selected event' });
    await detail.waitFor();
    assert.match(await detail.innerText(), /comm\s+nginx/);
    assert.match(await detail.innerText(), /TimeCreated\s+20\d\d-/);
    await screenshot(page, 'detail');
    await detail.locator('.field', { hasText: 'comm' }).hover();
    await detail.getByRole('button', { name: 'Only rows with this comm' }).click();
    await until(() => rows(page), (count) => count === 20, 'those of nginx');
    await until(() => page.locator('#filter').inputValue(), (text) => text === 'comm=nginx', 'the filter');
    await detail.locator('.field', { hasText: 'Provider' }).hover();
    await detail.getByRole('button', { name: 'Without rows with this Provider' }).click();
    await until(() => rows(page), (count) => count === 0, 'nothing');
    await detail.locator('.field', { hasText: 'Size' }).hover();
    await detail.getByRole('button', { name: 'Show Size as a column' }).click();
    await page.getByRole('columnheader', { name: 'Size' }).waitFor();
    await page.keyboard.press('Escape');
    await detail.waitFor({ state: 'detached' });
});

test('the brush over the histogram narrows the time, and live rows stay counted', async (t) => {
    const { page } = await open(t, { relay: { generated: 2000, spacing: 50 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    const plot = page.locator('.u-over');
    await plot.waitFor();
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 5 });
    await page.mouse.up();
    const narrowed = await until(() => rows(page), (count) => count > 300 && count < 700, 'a quarter of the rows');
    const address = await until(() => hash(page).get('zoom'), (text) => text !== null, 'the address');
    const zoom = address.split('..').map(Date.parse);
    assert.ok(zoom[1] - zoom[0] > 20_000 && zoom[1] - zoom[0] < 30_000, String(zoom[1] - zoom[0]));
    await screenshot(page, 'brush');
    await page.getByRole('button', { name: 'Load all' }).click();
    await page.getByRole('button', { name: 'Back to live' }).waitFor();
    await until(() => rows(page), (count) => Math.abs(count - narrowed) <= 2, 'the same from the store');
    await page.getByRole('button', { name: 'Back to live' }).click();
    await until(() => rows(page), (count) => count === 2000, 'live again');
});

test('columns are chosen, resized, put elsewhere, and kept in the address', async (t) => {
    const { page } = await open(t, { prepare: publishKinds });
    const heads = () => page.locator('.head-title').allInnerTexts();
    await page.keyboard.press('c');
    await page.getByRole('checkbox', { name: 'PID' }).check();
    await page.getByRole('checkbox', { name: 'Computer' }).uncheck();
    await screenshot(page, 'columns');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await until(heads, (now) => now.join() === 'Time (UTC),Provider,Event,Process,PID,Data', 'other columns');
    const head = page.getByRole('columnheader', { name: 'Provider' });
    const width = (await head.boundingBox()).width;
    const edge = await head.locator('.head-edge').boundingBox();
    await page.mouse.move(edge.x + 3, edge.y + 10);
    await page.mouse.down();
    await page.mouse.move(edge.x + 83, edge.y + 10, { steps: 4 });
    await page.mouse.up();
    await until(async () => (await head.boundingBox()).width - width, (more) => Math.abs(more - 80) <= 1, "the width");
    const cell = await page.locator('.row:not([hidden]) .is-provider').first().boundingBox();
    assert.ok(Math.abs(cell.width - width - 80) <= 1);
    await page.getByRole('columnheader', { name: 'PID' }).hover();
    await page.mouse.down();
    await page.mouse.move((await head.boundingBox()).x + 20, edge.y + 10, { steps: 6 });
    await page.mouse.up();
    await until(heads, (now) => now.join() === 'Time (UTC),PID,Provider,Event,Process,Data', 'another order');
    await page.getByRole('columnheader', { name: 'Provider' }).focus();
    await page.keyboard.press('Alt+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await until(() => hash(page).get('cols'), (cols) => cols === `time,pid,event,provider:${width + 96},process,data`, 'the address');
});

test('whoever opens the address sees the same', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 1500 } });
    await until(() => held(page), (count) => count === 1500, 'history');
    await filter(page, 'provider=sched');
    await clickRow(page);
    const id = await until(() => hash(page).get('row'), (row) => /^\d+:\d+$/.test(row ?? ''), 'the row');
    assert.equal(hash(page).get('paused'), '1');
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.locator('.row.selected').waitFor();
    assert.equal(await other.evaluate(() => globalThis.etwas.selectedId), id);
    assert.equal(await other.locator('#filter').inputValue(), 'provider=sched');
    relay.publish([event({ Provider: 'sched' })]);
    await other.getByRole('button', { name: 'Resume, 1 new' }).waitFor();
});

test('an address with a row that is long gone from live shows what was around it', async (t) => {
    const { page } = await open(t, { relay: { generated: 50_000 }, hash: '#row=20:400&q=sched' });
    await page.locator('.row.selected').waitFor();
    assert.equal(await page.evaluate(() => globalThis.etwas.selectedId), '20:400');
    await page.getByRole('button', { name: 'Back to live' }).waitFor();
    await until(() => seen(page), (list) => list.length > 15, 'those around it');
});
