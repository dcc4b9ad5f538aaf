// SPDX-License-Identifier: MIT
// What the tests of the page share: a browser, a relay, and waiting for what must come.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { FakeRelay } from '../fake_relay.mjs';
import { RealRelay } from '../real_relay.mjs';

const { ETWAS_PAGE_BUILT: built, ETWAS_TEST_MODULES: modules, ETWAS_ARTEFACTS: artefacts, ETWAS_RELAY: program } = process.env;
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let browser = null;

before(async () => {
    const { chromium } = createRequire(join(modules, 'modules.cjs'))('playwright-core');
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS,
        ignoreDefaultArgs: ['--hide-scrollbars'] });
});
after(async () => browser?.close());

export async function screenshot(page, name) {
    mkdirSync(artefacts, { recursive: true });
    await page.screenshot({ path: join(artefacts, `${real ? 'relay' : 'page'}-${name}.png`) });
}

// Is it etwass that is asked? Some tests want a relay that does what etwass would not.
export const real = program !== undefined;
export const onlyMadeUp = { skip: real && 'only a made-up relay does that' };

// Opens the page of a fresh relay, and closes both behind the test.
export async function open(t, { relay: options = {}, hash = '', size = [1280, 800], colorScheme = 'light', prepare } = {}) {
    const relay = await (real ? new RealRelay(program, options) : new FakeRelay(built, options)).listen();
    prepare?.(relay);
    await relay.settled?.();
    const context = await browser.newContext({ viewport: { width: size[0], height: size[1] }, colorScheme, acceptDownloads: true });
    const page = await context.newPage();
    const faults = [];
    page.on('pageerror', (error) => faults.push(String(error.stack ?? error)));
    page.on('console', (message) => {
        // Requests that are refused or break off are what some tests are about.
        if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) {
            faults.push(message.text());
        }
    });
    t.after(async () => {
        await context.close();
        await relay.close();
    });
    await page.goto(`${relay.address}/?token=${relay.token}`);
    if (hash !== '') {
        await page.goto('about:blank');
        await page.goto(`${relay.address}/${hash}`);
    }
    await page.locator('.grid').waitFor({ state: 'attached' });
    return { page, relay, faults };
}

// Asks until `holds` does, for at most so many seconds; the last answer.
export async function until(ask, holds, what = 'it', seconds = 30) {
    const end = Date.now() + 1000 * seconds;
    for (;;) {
        const answer = await ask();
        if (holds(answer)) {
            return answer;
        }
        if (Date.now() > end) {
            throw new Error(`${what} did not come to be; the last answer was ${JSON.stringify(answer)?.slice(0, 500)}`);
        }
        await new Promise((resolve) => {
            setTimeout(resolve, 30);
        });
    }
}

// The rows that can be seen, top to bottom: { text, y, gap }.
export function seen(page) {
    return page.evaluate(() => {
        const body = document.querySelector('.grid-body').getBoundingClientRect();
        return [...document.querySelectorAll('.row:not([hidden])')]
            .map((row) => ({ text: row.innerText.replace(/\s+/g, ' ').trim(), y: row.getBoundingClientRect().top, id: row.getAttribute('aria-rowindex'), gap: row.classList.contains('gap') }))
            .filter(({ y }) => y >= body.top - 1 && y + 21 <= body.bottom + 1)
            .sort((a, b) => a.y - b.y);
    });
}

// What the table shows is what the page holds: all of it was judged, by the filter of now, and drawn.
// Counts are -1 until then: a row that has come is to be seen only with the next frame.
const drawn = (page, what) => page.evaluate((name) => {
    const { buffer, view, grid, feed } = globalThis.etwas;
    const judged = !view.pending && buffer.blocks.every((block) => block.version === view.version && block.judged === block.rows);
    if (!judged || feed.busy !== '' || grid.version !== view.version || grid.shownTotal !== view.total) {
        return -1;
    }
    return { rows: view.total, held: buffer.rows, top: grid.top }[name];
}, what);

export const rows = (page) => drawn(page, 'rows');
export const held = (page) => drawn(page, 'held');
export const top = (page) => drawn(page, 'top');
// For what comes without end.
export const came = (page) => page.evaluate(() => globalThis.etwas.buffer.rows);

// Clicks on the last of the rows that can be seen and hold what is wanted: its middle, as elements
// are used for one row after the other, and some lie outside of the table.
export async function clickRow(page, holds = () => true) {
    const row = await until(async () => (await seen(page)).filter(holds).at(-1), (found) => found !== undefined, 'the row to click on');
    await page.mouse.click(500, row.y + 10);
    return row;
}

export async function filter(page, text) {
    await page.locator('#filter').fill(text);
    await until(() => page.evaluate(() => globalThis.etwas.applied), (now) => now === text, 'the filter');
}

let number = 0;
export function event(fields = {}) {
    number++;
    return { TimeCreated: new Date().toISOString(), Provider: 'Test', EventId: 0, EventName: 'Happened', ProcessId: 7, ThreadId: 8,
        ProcessName: 'tester', Cpu: 1, EventData: { Number: number }, ...fields };
}

const TICKS = 100; // a second, in /proc
const percent = (part) => `${Math.round(100 * part)} %`;

// Seconds of processor time that this process and those below it have used but for the relay.
function ownSeconds() {
    const all = new Map();
    for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
        try {
            const [, command, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'));
            const fields = rest.split(' ');
            all.set(Number(name), { parent: Number(fields[1]), ticks: command === 'etwass' ? 0 : Number(fields[11]) + Number(fields[12]) });
        } catch {
            // it has ended
        }
    }
    const isOwn = (id) => id === process.pid || (all.has(id) && isOwn(all.get(id).parent));
    return [...all].reduce((sum, [id, { ticks }]) => sum + (isOwn(id) ? ticks / TICKS : 0), 0);
}

// Seconds that all processors were there, and idle.
function machineSeconds() {
    const ticks = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/ +/).slice(1, 9).map((field) => Number(field) / TICKS);
    return { all: ticks.reduce((sum, part) => sum + part, 0), idle: ticks[3] + ticks[4] };
}

// Watches who uses the processors; asked for the part of them that others than the test had (the
// relay is one of those, and the host of a virtual machine).
function watchOthers() {
    const [machine, own] = [machineSeconds(), ownSeconds()];
    return () => {
        const now = machineSeconds();
        const all = now.all - machine.all;
        return Math.max(0, all - (now.idle - machine.idle) - (ownSeconds() - own)) / all;
    };
}

// Frame times while `act` runs, in ms; and what the page's main thread needed of a processor.
export async function frames(page, act) {
    const cdp = await page.context().newCDPSession(page);
    const busy = async () => {
        const { metrics } = await cdp.send('Performance.getMetrics');
        return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
    };
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.evaluate(() => {
        const list = [];
        globalThis.frameTimes = list;
        let last = performance.now();
        const step = (now) => {
            list.push(now - last);
            last = now;
            if (globalThis.frameTimes === list) {
                requestAnimationFrame(step);
            }
        };
        requestAnimationFrame(step);
    });
    const othersNow = watchOthers();
    const before = await busy();
    const began = performance.now();
    await act();
    const used = await busy() - before;
    const share = used / (performance.now() - began);
    const others = othersNow();
    const list = await page.evaluate(() => {
        const taken = globalThis.frameTimes;
        globalThis.frameTimes = null;
        return taken.slice(1).sort((a, b) => a - b);
    });
    await cdp.detach();
    const at = (share) => Math.round(list[Math.floor(share * (list.length - 1))]);
    return { count: list.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), cpu: Math.round((10 * used) / list.length) / 10, share, others };
}

// What counts is that 95 of 100 frames take at most 50 ms. Where others keep the processors busy
// that says nothing: then it is what the page itself needed for a frame, or of one processor (the
// fewer frames there are, the more comes with each).
export function assertSmooth({ count, p50, p95, p99, cpu, share, others }, what) {
    console.log(`# ${what}: ${count} frames, p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms; ` +
        `${cpu} ms of the main thread a frame, ${percent(share)} of a processor; others have ${percent(others)} of all`);
    if (p95 > 50 && others > 0.2) {
        console.log('# the machine is busy: judged by processor time');
        assert.ok(cpu <= 25 || share <= 0.5, `${cpu} ms of the main thread a frame, ${percent(share)} of a processor`);
    } else {
        assert.ok(p95 <= 50, `p95 of frame times is ${p95} ms`);
    }
}
