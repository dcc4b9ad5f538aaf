// SPDX-License-Identifier: MIT
// A million rows: they come, they scroll, they are searched, and the page stays quick.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSmooth, filter, frames, open, rows, screenshot, seen, until } from './harness.mjs';

const MILLION = 1_000_000;

test('a million rows scroll smoothly', { timeout: 560_000 }, async (t) => {
    const { page } = await open(t, { relay: { generated: MILLION, spacing: 1 } });
    const began = Date.now();
    await page.evaluate(() => globalThis.etwas.openRange({ from: null, to: null }));
    await until(() => rows(page), (count) => count === MILLION, 'a million rows', 240);
    console.log(`# ${MILLION} rows loaded in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    const cdp = await page.context().newCDPSession(page);
    const memory = async () => {
        await cdp.send('HeapProfiler.collectGarbage');
        const { usedSize } = await cdp.send('Runtime.getHeapUsage');
        const bytes = await page.evaluate(() => globalThis.etwas.buffer.blocks.reduce((sum, block) => sum + block.bytes.length + block.starts.byteLength * 3 + block.times.byteLength * 3.8, 0));
        return { heap: Math.round(usedSize / 1e6), rows: Math.round(bytes / 1e6) };
    };
    const used = await memory();
    console.log(`# memory: ${used.heap} MB of heap, ${used.rows} MB of rows`);
    assert.ok(used.heap < 120, `${used.heap} MB of heap`);

    await page.mouse.move(700, 500);
    const top = () => page.evaluate(() => globalThis.etwas.grid.top);
    await page.evaluate(() => globalThis.etwas.grid.scrollTo(600_000));
    await page.waitForTimeout(400);
    const wheel = await frames(page, async () => {
        for (let i = 0; i < 120; i++) {
            await page.mouse.wheel(0, i < 60 ? -340 : -90);
            await page.waitForTimeout(12);
        }
    });
    assertSmooth(wheel, 'wheel at a million rows');
    const moved = -(60 * 340 + 60 * 90) / 22;
    await until(top, (now) => Math.abs(now - 600_000 - moved) < 1, 'each turn of the wheel');
    assert.equal(await page.evaluate(() => globalThis.etwas.grid.pool.length) < 60, true);

    // All rows anew with each frame: what the page needs for that, whoever else wants the processors.
    const anew = await frames(page, () => page.evaluate(async () => {
        for (let i = 0; i < 150; i++) {
            globalThis.etwas.grid.scrollBy(-3111);
            await new Promise(requestAnimationFrame);
        }
    }));
    console.log(`# all rows anew: ${anew.cpu} ms of the main thread a frame`);
    assert.ok(anew.cpu <= 33, `${anew.cpu} ms of the main thread a frame`);

    // From one end to the other at the bar.
    const bar = await page.locator('.grid-bar').boundingBox();
    await page.evaluate(() => globalThis.etwas.grid.scrollTo(0));
    await until(top, (now) => now === 0, 'the top');
    await page.waitForTimeout(400);
    const drag = await frames(page, async () => {
        await page.mouse.move(bar.x + 7, bar.y + 22);
        await page.mouse.down();
        for (let i = 0; i <= 100; i++) {
            await page.mouse.move(bar.x + 7, bar.y + 22 + ((bar.height - 30) * i) / 100);
            await page.waitForTimeout(12);
        }
        await page.mouse.up();
    });
    assertSmooth(drag, 'dragging the bar at a million rows');
    await until(top, (now) => now > 900_000, 'the other end');
    await page.evaluate(() => globalThis.etwas.grid.scrollTo(Infinity));
    assert.equal(await page.evaluate(() => globalThis.etwas.buffer.row(globalThis.etwas.view.seqAt(globalThis.etwas.view.total - 1)).id), `${Math.ceil(MILLION / 850)}:${((MILLION - 1) % 850) + 1}`);
    await until(() => seen(page), (list) => list.at(-1)?.id === String(MILLION + 1), 'its row');

    // Each row can be reached, not only each pixel of the bar.
    await page.evaluate(() => globalThis.etwas.grid.scrollTo(500_000));
    await page.mouse.move(700, 500);
    for (const step of [22, 22, -22, 66]) {
        const before = await top();
        await page.mouse.wheel(0, step);
        await until(top, (now) => Math.abs(now - before - step / 22) < 0.01, `one step of ${step}`);
    }
    await screenshot(page, 'million');

    const search = async (text, least) => {
        const start = Date.now();
        await filter(page, text);
        const count = await until(() => rows(page), (now) => now >= least, `rows of ${text}`, 90);
        console.log(`# "${text}" in a million rows: ${count} found in ${((Date.now() - start) / 1000).toFixed(1)} s`);
    };
    const searching = await frames(page, () => search('customer-77', 100));
    assertSmooth(searching, 'searching a million rows');
    await search('provider=sched -swapper', 100_000);
    await search('Amount>900', 1000);
    assert.ok((await memory()).heap < 160);
});
