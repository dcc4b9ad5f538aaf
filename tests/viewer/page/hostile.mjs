// SPDX-License-Identifier: MIT
// Names and values of events are whatever somebody wrote. None of it runs, becomes an element,
// moves other text about or stops the page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clickRow, event, filter, held, onlyMadeUp, open, rows, screenshot, seen, until } from './harness.mjs';

const MARKUP = '<img src=x onerror="globalThis.ran=1"><script>globalThis.ran=2</script><svg onload=globalThis.ran=3>';
const VALUES = [
    MARKUP, '</script><script>globalThis.ran=4</script>', 'javascript:globalThis.ran=5', '<a href="javascript:globalThis.ran=6">x</a>',
    '\u202egnp.exe\u202c', '\u2066\u2067\u2068\u2069\u200f\u200e', 'a\u0000b\u0007c\u001b[31md\u007f', '\ufeff\u200b\u00ad\u{e0041}',
    '__proto__', 'constructor', '=cmd|\'/c calc\'!A0', '@SUM(1)', '+1', '-1+2', '"; DROP TABLE x; --', '${globalThis.ran=7}', '{{ran}}',
    'é'.repeat(50), 'Z\u0351\u0353\u0346\u0342'.repeat(200), '\ud800 half', '%00%3Cscript%3E', '&lt;b&gt;&#60;b&#62;', '\\u003cb\\u003e', 'line\nline\r\nline\ttab',
];

// An object whose own names are hostile, too; JSON.stringify keeps "__proto__" of a parsed one.
function hostileEvents() {
    const events = VALUES.map((value) => event({ Provider: value, EventName: value, ProcessName: value, Level: value,
        EventData: { [value.slice(0, 200)]: value, plain: value }, Message: value }));
    events.push(JSON.stringify(event()).replace('"EventData":{', '"EventData":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},'));
    events.push(event({ EventData: { huge: 'A'.repeat(1_000_000) } }));
    events.push(event({ EventName: 'E'.repeat(100_000), Provider: 'P'.repeat(100_000) }));
    events.push(event({ EventData: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`field${i}`, MARKUP])) }));
    events.push(`{"TimeCreated":"${MARKUP.replace(/"/g, '\\"')}","Provider":null,"EventName":{"a":1},"EventData":[1,2,{"x":"${'<b>'}"}],"Cpu":"<i>"}`);
    events.push(`{"EventData":${'['.repeat(3000)}${']'.repeat(3000)}}`);
    events.push('{"TimeCreated":"9999-99-99T99:99:99Z","Provider":"dates"}');
    return events;
}

// Every element that is there is one of ours: none of these names is.
async function assertNothingMade(page) {
    const made = await page.evaluate(() => ({
        ran: globalThis.ran, polluted: {}.polluted,
        elements: document.querySelectorAll('img, script:not([src="/page.js"]), iframe, a, b[onerror], object, embed, link:not([href^="/"]), style, [onerror], [onload], [href^="javascript"]').length,
        bare: document.body.innerText.match(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u0000-\u0008]/u)?.[0] ?? null,
    }));
    assert.deepEqual(made, { ran: undefined, polluted: undefined, elements: 0, bare: null });
}

test('hostile text stays text: in the table, facets, details, charts, publishers', onlyMadeUp, async (t) => {
    const { page, relay, faults } = await open(t);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('dialog', () => assert.fail('a dialog opened'));
    const events = hostileEvents();
    relay.publish(events, MARKUP);
    relay.publish([{ TimeCreated: new Date().toISOString(), Provider: 'Etwas', EventName: 'Lost', EventData: { Where: MARKUP, Count: MARKUP, First: MARKUP, Last: '\u202e' } }], MARKUP, { gap: true });
    relay.publish([{ TimeCreated: new Date().toISOString(), Provider: 'cpu', EventName: 'Usage', EventData: { Cpu: MARKUP, Busy: 'NaN' } },
        { TimeCreated: new Date().toISOString(), Provider: 'process-cpu', EventName: 'Usage', EventData: { ProcessId: MARKUP, Cpu: 5, Name: MARKUP } }], MARKUP);
    relay.publishers = [{ Fingerprint: MARKUP, Computer: MARKUP, State: 'pending', LastSeen: MARKUP, Lost: { Kernel: MARKUP }, Streams: [] },
        { Fingerprint: '\u202e', Computer: null, State: MARKUP, LastSeen: null, Rate: 'x', Lost: null }];
    await until(() => held(page), (count) => count === events.length + 3, 'the rows');
    await assertNothingMade(page);
    await screenshot(page, 'hostile');
    await page.keyboard.press('g');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    for (let i = 0; i < events.length + 2; i++) {
        await page.keyboard.press('j');
        await assertNothingMade(page);
    }
    const shown = await seen(page);
    assert.ok(shown.length > 0);
    await page.keyboard.press('2');
    await page.locator('.charts').waitFor();
    await page.waitForTimeout(300);
    await assertNothingMade(page);
    await page.keyboard.press('3');
    await page.locator('.approval').waitFor();
    assert.match(await page.locator('.approval code').last().innerText(), /^etwass --approve '<img/);
    await assertNothingMade(page);
    await screenshot(page, 'hostile-publishers');
    assert.ok(asked.every((url) => url.startsWith(relay.address)), asked.join(' '));
    assert.deepEqual(faults, [], 'and no policy was broken');
});

test('what changes the direction of text is written out', async (t) => {
    const { page, relay } = await open(t);
    relay.publish([event({ EventName: 'a\u202eb', EventData: { name: 'invoice\u202efdp.exe' } })]);
    const [row] = await until(() => seen(page), (list) => list.length === 1, 'the row');
    assert.ok(row.text.includes('a\\u{202E}b'), row.text);
    assert.ok(row.text.includes('invoice\\u{202E}fdp.exe'), row.text);
});

test('a megabyte of text neither stops the page nor fills it', onlyMadeUp, async (t) => {
    const { page, relay } = await open(t);
    relay.publish(Array.from({ length: 40 }, () => event({ EventData: { huge: 'x'.repeat(1_000_000) } })));
    await until(() => held(page), (count) => count === 40, 'the rows');
    const length = await page.evaluate(() => document.querySelector('.grid-body').textContent.length);
    assert.ok(length < 100_000, String(length));
    await clickRow(page);
    await page.locator('.detail').waitFor();
    assert.ok(await page.evaluate(() => document.querySelector('.detail').textContent.length) < 20_000);
    await filter(page, 'x'.repeat(30));
    await until(() => rows(page), (count) => count === 40, 'found');
});

test('lines that are no events are counted, not shown', onlyMadeUp, async (t) => {
    const { page, relay } = await open(t);
    relay.publish([event()]);
    await until(() => held(page), (count) => count === 1, 'the first');
    relay.added.push({ id: [99, 1], text: '{"Id":"99:1","broken', time: 0 });
    relay.row = 99;
    relay.publish([event()]);
    await until(() => held(page), (count) => count === 2, 'the one behind');
    await page.getByText('1 lines could not be read').waitFor();
});

test('a filter and an address that are hostile do no harm', async (t) => {
    const hash = `#q=${encodeURIComponent(MARKUP)}&cols=${encodeURIComponent(MARKUP)},data.${encodeURIComponent(encodeURIComponent(MARKUP))}&row=<img>&zoom=x..<b>&tab=__proto__`;
    const { page, relay, faults } = await open(t, { hash });
    relay.publish([event({ EventData: { [MARKUP]: 1 } })]);
    await until(() => held(page), (count) => count === 1, 'the row');
    await page.keyboard.press('c');
    await assertNothingMade(page);
    assert.deepEqual(faults, []);
});

test('a spreadsheet runs nothing of an export', async (t) => {
    const { page, relay } = await open(t);
    const formulas = ['=cmd|\'/c calc\'!A0', '+1+1', '-2+3', '@SUM(A1)', '\t=1', '=1\r\n=2', '"=1'];
    relay.publish(formulas.map((text) => event({ EventName: text, ProcessName: text, EventData: { v: text } })));
    await until(() => held(page), (count) => count === formulas.length, 'the rows');
    await page.keyboard.press('x');
    await page.getByLabel('CSV').check();
    const [got] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export', exact: true }).last().click()]);
    const text = await readFile(await got.path(), 'utf8');
    // Cells as a spreadsheet reads them.
    const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(?:,|\r\n|$)/g)].map(([, cell]) => (cell.startsWith('"') ? cell.slice(1, -1).replace(/""/g, '"') : cell));
    assert.ok(cells.length > 50);
    for (const cell of cells) {
        assert.doesNotMatch(cell, /^[\t\r\n ]*[=+@]|^-\d+\+/, JSON.stringify(cell));
    }
});

test('the policy forbids what the page does not need', async (t) => {
    const { page } = await open(t);
    const outcome = await page.evaluate(async () => {
        const script = document.createElement('script');
        const tried = {};
        try {
            script.textContent = 'globalThis.ran = 1';
            document.head.append(script);
            tried.script = globalThis.ran ?? 'refused';
        } catch {
            tried.script = 'refused';
        }
        try {
            document.body.insertAdjacentHTML('beforeend', '<i id="made"></i>');
            tried.markup = document.getElementById('made') === null ? 'refused' : 'made';
        } catch {
            tried.markup = 'refused';
        }
        // Not eval() itself, which the tool that drives the browser is allowed.
        try {
            setTimeout('globalThis.evaluated = true', 0);
        } catch {
            // by Trusted Types
        }
        await new Promise((resolve) => {
            setTimeout(resolve, 50);
        });
        tried.eval = globalThis.evaluated === true ? 'ran' : 'refused';
        const style = document.createElement('style');
        style.textContent = 'body { outline: 7px solid red }';
        document.head.append(style);
        tried.style = getComputedStyle(document.body).outlineWidth === '7px' ? 'applied' : 'refused';
        style.remove();
        script.remove();
        return tried;
    });
    assert.deepEqual(outcome, { script: 'refused', markup: 'refused', eval: 'refused', style: 'refused' });
});
