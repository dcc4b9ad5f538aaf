// SPDX-License-Identifier: MIT
// What the store has: scrolling back into it, ranges of time, and files to take along.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { event, filter, held, open, rows, screenshot, seen, top, until } from './harness.mjs';

// It begins when all of the file is there.
async function download(page, act) {
    const [got] = await Promise.all([page.waitForEvent('download', { timeout: 120_000 }), act()]);
    return { name: got.suggestedFilename(), text: await readFile(await got.path(), 'utf8') };
}

test('scrolling to the top loads older rows, until the store has no more', async (t) => {
    const { page } = await open(t, { relay: { generated: 9000 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    await page.keyboard.press('g');
    await until(() => held(page), (count) => count === 7000, 'older rows');
    const stays = (where) => until(() => top(page), (now) => Math.abs(now - where) <= 1, `the view where it was, at ${where}`);
    await stays(5000);
    // A turn of the wheel that reaches the top asks for more as well.
    await page.evaluate(() => globalThis.etwas.grid.scrollTo(1));
    await until(() => top(page), (now) => now === 1, 'nearly the top');
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -100);
    await until(() => held(page), (count) => count === 9000, 'all rows');
    await stays(2000);
    await page.keyboard.press('g');
    await until(() => top(page), (now) => now === 0, 'the very top');
    const ids = await page.evaluate(() => {
        const { view, buffer } = globalThis.etwas;
        return Array.from({ length: view.total }, (_, i) => buffer.row(view.seqAt(i)).id);
    });
    assert.equal(new Set(ids).size, 9000);
    assert.equal(ids[0], '1:1');
    const numbers = ids.map((id) => id.split(':').map(Number)).map(([row, index]) => row * 1e6 + index);
    assert.ok(numbers.every((number, i) => i === 0 || number > numbers[i - 1]), 'in order');
});

test('a range of the store is shown, and can be left again', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 20_000, spacing: 100 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    await page.keyboard.press('r');
    const from = relay.began + 5000 * 100;
    const stamp = (ms) => new Date(ms).toISOString().replace('T', ' ').slice(0, 23);
    await page.getByRole('textbox', { name: 'From' }).fill(stamp(from));
    await page.getByRole('textbox', { name: 'To' }).fill(stamp(from + 300_000));
    await screenshot(page, 'range');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    const count = await until(() => rows(page), (now) => now >= 2999 && now <= 3001, 'the range');
    assert.ok(count);
    relay.publish([event()]);
    await page.waitForTimeout(300);
    assert.equal(await rows(page), count, 'nothing live is mixed in');
    assert.match(new URL(page.url()).hash, /range=/);
    await page.reload();
    await until(() => rows(page).catch(() => 0), (now) => now === count, 'the same after a reload');
    await page.getByRole('button', { name: 'Back to live' }).click();
    await until(() => held(page), (now) => now === 2000, 'live');
});

test('a range in which nothing happened says so, and nonsense cannot be asked for', async (t) => {
    const { page } = await open(t, { relay: { generated: 100 } });
    await page.keyboard.press('r');
    await page.getByRole('textbox', { name: 'From' }).fill('2001-01-01');
    await page.getByRole('textbox', { name: 'To' }).fill('yesterday');
    assert.ok(await page.getByRole('button', { name: 'Show', exact: true }).isDisabled());
    await page.getByRole('textbox', { name: 'To' }).fill('2001-01-02');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('The store has nothing of that time.').waitFor();
});

test('what the filter lets through is exported, as it came and as CSV', async (t) => {
    const { page } = await open(t, { prepare(relay) {
        for (let i = 0; i < 50; i++) {
            relay.publish([event({ Provider: i % 2 ? 'odd' : 'even', EventData: { big: 'BIG', i } })]);
        }
        relay.publish([`{"TimeCreated":"${new Date().toISOString()}","Provider":"odd","EventData":{"n":18446744073709551615}}`]);
    } });
    await until(() => held(page), (count) => count === 51, 'history');
    await filter(page, 'provider=odd');
    await until(() => rows(page), (count) => count === 26, 'the odd ones');
    await page.locator('.grid').focus();
    await page.keyboard.press('x');
    await screenshot(page, 'export');
    const lines = await download(page, () => page.getByRole('button', { name: 'Export', exact: true }).last().click());
    assert.match(lines.name, /^etwas-.*\.jsonl$/);
    const parsed = lines.text.trimEnd().split('\n');
    assert.equal(parsed.length, 26);
    assert.ok(parsed.every((line) => JSON.parse(line).Provider === 'odd'));
    assert.ok(parsed.at(-1).includes('"n":18446744073709551615'), 'numbers are exact');
    await page.getByLabel('CSV').check();
    const csv = await download(page, () => page.getByRole('button', { name: 'Export', exact: true }).last().click());
    const table = csv.text.trimEnd().split('\r\n');
    assert.equal(table.length, 27);
    assert.match(table[0], /^Id,TimeCreated,Computer,Provider,/);
    assert.ok(table[1].endsWith('big=BIG; i=1'), table[1]);
});

test('a range of the store is exported in full, whatever is shown', async (t) => {
    const { page } = await open(t, { relay: { generated: 250_000, spacing: 1 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    await filter(page, 'nothing');
    await page.locator('.grid').focus();
    await page.keyboard.press('x');
    await page.getByLabel('All of a time range').check();
    await page.getByRole('textbox', { name: 'From' }).fill('');
    await page.getByRole('textbox', { name: 'To' }).fill('');
    const lines = await download(page, () => page.getByRole('button', { name: 'Export', exact: true }).last().click());
    const ids = lines.text.trimEnd().split('\n').map((line) => JSON.parse(line).Id);
    assert.equal(ids.length, 250_000);
    assert.equal(new Set(ids).size, 250_000);
});

test('an older row that is selected stays selected while older ones come', async (t) => {
    const { page } = await open(t, { relay: { generated: 9000 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    await page.keyboard.press('g');
    await until(() => held(page), (count) => count === 7000, 'older rows');
    const list = await seen(page);
    // The beginning of each: the details take room from the end.
    const beginnings = (all) => all.slice(0, 3).map(({ text }) => text.slice(0, 36));
    const before = beginnings(list);
    await page.mouse.click(700, list[3].y + 10);
    const id = await page.evaluate(() => globalThis.etwas.selectedId);
    await page.evaluate(() => globalThis.etwas.feed.loadOlder());
    await until(() => held(page), (count) => count === 9000, 'all rows');
    assert.equal(await page.evaluate(() => globalThis.etwas.selectedId), id);
    assert.deepEqual(beginnings(await seen(page)), before);
});
