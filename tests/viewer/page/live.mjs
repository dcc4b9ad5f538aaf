// SPDX-License-Identifier: MIT
// The live table: follows, stands still when somebody reads, survives its relay.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSmooth, came, event, frames, held, onlyMadeUp, open, rows, screenshot, seen, until } from './harness.mjs';

const settle = (page) => page.evaluate(() => new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
}));

test('what was stored is there, and what comes is put below it', async (t) => {
    const { page, relay, faults } = await open(t, { relay: { generated: 3000 } });
    await until(() => held(page), (count) => count >= 2000, 'history');
    relay.publish([event({ EventName: 'JustNow', EventData: { Greeting: 'hello there' } })]);
    const shown = await until(() => seen(page), (list) => list.at(-1)?.text.includes('JustNow'), 'the new row');
    assert.match(shown.at(-1).text, /web1 Test JustNow tester .*Greeting.*hello there/);
    const count = await until(() => rows(page), (now) => now > 0, 'the count');
    assert.equal(await page.locator('.grid').getAttribute('aria-rowcount'), String(count + 1));
    assert.deepEqual(faults, []);
});

test('nothing moves while it is paused, and all that came is there afterwards', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 500 } });
    await until(() => held(page), (count) => count === 500, 'history');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: /Resume/ }).waitFor();
    const before = await seen(page);
    for (let i = 0; i < 30; i++) {
        relay.publish([event(), event()]);
    }
    await page.getByRole('button', { name: 'Resume, 60 new' }).waitFor();
    assert.deepEqual(await seen(page), before);
    await screenshot(page, 'paused');
    await page.getByRole('button', { name: 'Resume, 60 new' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await until(() => seen(page), (list) => list.at(-1)?.text.includes('Test Happened'), 'the end');
    await until(() => rows(page), (count) => count === 560, 'all of them');
});

test('scrolling up pauses and a row that is read stays where it is', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 2000 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    await page.mouse.move(700, 500);
    await page.mouse.wheel(0, -1500);
    await page.getByRole('button', { name: /Resume/ }).waitFor();
    await settle(page);
    const before = await seen(page);
    relay.startLoad(2000);
    await until(() => came(page), (count) => count > 4000, 'the load');
    assert.deepEqual(await seen(page), before);
    relay.stopLoad();
});

test('a banner that comes and goes pauses nothing', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 2000 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    const following = () => page.evaluate(() => globalThis.etwas.grid.follow);
    const height = () => page.locator('.grid').evaluate((grid) => grid.clientHeight);
    const bar = () => page.locator('.grid-bar').evaluate(({ scrollTop, scrollHeight, clientHeight }) => scrollHeight - clientHeight - scrollTop);
    const full = await height();
    relay.lose(3, 'kernel');
    await page.getByRole('alert').waitFor();
    await until(height, (now) => now < full, 'less room');
    await until(bar, (left) => left < 1, 'the bar at its end');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await until(height, (now) => now === full, 'all of the room');
    await settle(page);
    assert.ok(await following());
    relay.publish([event({ EventName: 'JustNow' })]);
    await until(() => seen(page), (list) => list.at(-1)?.text.includes('JustNow'), 'the new row');
    assert.ok(await following());
});

test('selecting text or a row pauses', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 300 } });
    await until(() => held(page), (count) => count === 300, 'history');
    await page.mouse.move(700, 600);
    await page.mouse.down();
    await page.mouse.move(900, 640, { steps: 4 });
    await settle(page);
    const marked = await page.evaluate(() => String(document.getSelection()));
    relay.publish([event(), event(), event()]);
    await page.getByRole('button', { name: 'Resume, 3 new' }).waitFor();
    await page.mouse.up();
    assert.notEqual(marked, '');
    assert.equal(await page.evaluate(() => String(document.getSelection())), marked);
});

test('a relay that is started again goes on where it was, and repeats nothing', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 1000 } });
    await until(() => held(page), (count) => count === 1000, 'history');
    const names = [];
    const publish = () => {
        names.push(`numbered-${names.length}`);
        relay.publish([event({ EventName: names.at(-1) })]);
    };
    for (let round = 0; round < 3; round++) {
        publish();
        await until(() => held(page), (count) => count === 1000 + names.length, 'the event before');
        await relay.restart(200, () => {
            publish();
            publish();
        });
        publish();
    }
    await until(() => held(page), (count) => count === 1000 + names.length, 'all events');
    const got = await page.evaluate(() => {
        const { buffer } = globalThis.etwas;
        return Array.from({ length: buffer.rows - 1000 }, (_, i) => buffer.row(1000 + i).get('EventName'));
    });
    assert.deepEqual(got, names);
});

// The row that says so, and below it what the other store has.
async function assertOtherStore(page) {
    const shown = await until(() => seen(page), (list) => list.at(-1)?.text.includes('OfAnotherStore'), 'the other store');
    assert.ok(shown.some(({ text, gap }) => gap && text.includes('another store')), JSON.stringify(shown.slice(-3)));
}

test('another store behind the same address is noticed', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 5000 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    await relay.restart(100, () => {
        relay.forget();
        relay.publish([event({ EventName: 'OfAnotherStore' })]);
    });
    await assertOtherStore(page);
});

test('another store is noticed while it has nothing, too', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 5000 } });
    await until(() => held(page), (count) => count === 2000, 'history');
    await relay.restart(100, () => relay.forget());
    await until(() => seen(page), (list) => list.at(-1)?.text.includes('another store'), 'the row that says so');
    relay.publish([event({ EventName: 'OfAnotherStore' })]);
    await assertOtherStore(page);
});

test('another store is noticed that is there when the stream opens, and was not just before', onlyMadeUp, async (t) => {
    const { page } = await open(t, { relay: { generated: 5000 }, prepare(relay) {
        relay.beforeLive = () => {
            delete relay.beforeLive;
            relay.forget();
            relay.publish([event({ EventName: 'OfAnotherStore' })]);
        };
    } });
    await assertOtherStore(page);
});

test('a token that is no longer good says what to do, and a good one opens', onlyMadeUp, async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 10 } });
    await until(() => held(page), (count) => count === 10, 'history');
    await relay.restart(50, () => {
        relay.token = 'another';
    });
    const dialog = page.getByRole('alertdialog', { name: 'The relay wants a token' });
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /etwass.*viewer-token/s);
    await screenshot(page, 'refused');
    await page.getByRole('textbox', { name: 'Token' }).fill('another');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await until(() => held(page).catch(() => 0), (count) => count === 10, 'history');
    assert.equal(new URL(page.url()).search, '');
});

test('2,000 rows a second leave the page quick', async (t) => {
    const { page, relay } = await open(t, { relay: { generated: 2000 } });
    relay.startLoad(2000);
    await until(() => came(page), (count) => count > 5000, 'the load');
    const measured = await frames(page, () => page.waitForTimeout(4000));
    relay.stopLoad();
    assertSmooth(measured, '2,000 rows a second');
    assert.match(await page.locator('.rate').innerText(), /\/s/);
});

test('more than that is sampled, and the exact rate is said', async (t) => {
    const { page, relay } = await open(t);
    relay.startLoad(6000);
    const text = await until(async () => (await page.locator('.rate').allInnerTexts()).join(), (now) => /shown/.test(now), 'the rate');
    assert.match(text, /^[\d,]+\/s · [\d,]+ shown$/);
    const [events, shown] = text.match(/[\d,]+/g).map((part) => Number(part.replace(/,/g, '')));
    assert.ok(events > shown && shown <= 2000, text);
    relay.stopLoad();
});
