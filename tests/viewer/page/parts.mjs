// SPDX-License-Identifier: MIT
// The parts of the page that need no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter, MEMBER, findMembers, parseTime } from '../../../viewer/page/src/bytes.js';
import { EventBuffer } from '../../../viewer/page/src/buffer.js';
import { formatColumns, parseColumns, moved, resized, toggled, DEFAULT } from '../../../viewer/page/src/columns.js';
import { csvCell } from '../../../viewer/page/src/export.js';
import { formatFilter, parseFilter, stateOf, toggle } from '../../../viewer/page/src/filter.js';
import { Needle } from '../../../viewer/page/src/match.js';
import { countByTime, cpuSeries, processSeries, readSamples } from '../../../viewer/page/src/metrics.js';
import { Row, compareIds, membersOf, parseId } from '../../../viewer/page/src/row.js';
import { formatAddress, readAddress } from '../../../viewer/page/src/state.js';
import { agoText, parseMoment, visible } from '../../../viewer/page/src/text.js';
import { View } from '../../../viewer/page/src/view.js';
import { makeEvent, makeUsage } from '../fake_events.mjs';

const encoder = new TextEncoder();

function put(buffer, event, id = null) {
    const text = typeof event === 'string' ? event : JSON.stringify(id === null ? event : { Id: id, ...event });
    const bytes = encoder.encode(text);
    if (!buffer.scan(bytes, 0, bytes.length)) {
        return false;
    }
    buffer.append(bytes, 0, bytes.length);
    return true;
}

function matching(buffer, text, range = null) {
    const view = new View(buffer);
    view.setFilter(parseFilter(text), range);
    while (view.work(performance.now() + 1000)) {
        // goes on
    }
    return Array.from({ length: view.total }, (_, i) => view.seqAt(i));
}

const base = { TimeCreated: '2026-11-25T10:00:00.0000000Z', Provider: 'sched', EventName: 'switch', ProcessId: 5 };

test('members are found in any order, and what is no object is refused', () => {
    const found = new Int32Array(2 * Object.keys(MEMBER).length);
    const text = '{"EventData":{"Id":"no","a":[1,{"b":"}"}]},"Provider":"p\\"q", "Id":"1:2","Cpu": 3 }';
    const bytes = encoder.encode(text);
    const value = (name) => text.slice(found[2 * MEMBER[name]], found[2 * MEMBER[name] + 1]);
    assert.ok(findMembers(bytes, 0, bytes.length, found));
    assert.equal(value('Id'), '"1:2"');
    assert.equal(value('Provider'), '"p\\"q"');
    assert.equal(value('EventData'), '{"Id":"no","a":[1,{"b":"}"}]}');
    assert.equal(found[2 * MEMBER.Computer], -1);
    for (let cut = 0; cut < bytes.length; cut++) {
        assert.equal(findMembers(bytes, 0, cut, found), false, `cut at ${cut}`);
    }
    for (const bad of ['', '[]', '"x"', '{"a"}', '{"a":}', '{a:1}', 'null']) {
        assert.equal(findMembers(encoder.encode(bad), 0, bad.length, found), false, bad);
    }
});

test('times are read to the fraction', () => {
    const read = (text) => {
        const bytes = encoder.encode(JSON.stringify(text));
        return parseTime(bytes, 0, bytes.length);
    };
    assert.equal(read('2026-11-25T10:00:00.5Z'), Date.UTC(2026, 10, 25, 10, 0, 0, 500));
    assert.equal(read('1999-02-28T23:59:59.1234567Z'), Date.UTC(1999, 1, 28, 23, 59, 59) + 123.4567);
    assert.equal(read('2000-02-29T00:00:00Z'), Date.UTC(2000, 1, 29));
    assert.ok(Number.isNaN(read('yesterday')));
    assert.ok(Number.isNaN(read('9999-99-99T99:99:99Z')));
    assert.ok(Number.isNaN(read('2026-11-25T24:00:00Z')));
    assert.ok(Number.isNaN(read('2026-11-25 at ten o\'clock')));
});

test('lines come whole however the bytes are cut', () => {
    const text = 'one\r\n\ntwo\nlonger than the others\nlast';
    const bytes = encoder.encode(text);
    for (let size = 1; size <= bytes.length; size++) {
        const lines = [];
        const splitter = new LineSplitter((piece, start, end) => lines.push(new TextDecoder().decode(piece.subarray(start, end))));
        for (let at = 0; at < bytes.length; at += size) {
            splitter.feed(bytes.slice(at, at + size));
        }
        splitter.finish();
        assert.deepEqual(lines, ['one', '', 'two', 'longer than the others', 'last'], `pieces of ${size}`);
    }
});

test('rows keep numbers of 64 bits, and names that JavaScript uses itself', () => {
    const row = new Row(0, '{"Id":"1:1","EventData":{"n":18446744073709551615,"f":-1.50e3,"__proto__":"x","constructor":{"a":[1, 2]},"t":"a\\u0041\\n"},"Cpu":null}', 0);
    assert.deepEqual(row.data, [['n', '18446744073709551615'], ['f', '-1.50e3'], ['__proto__', 'x'], ['constructor', '{"a":[1, 2]}'], ['t', 'aA\n']]);
    assert.equal(row.get('Cpu'), '');
    assert.equal({}.x, undefined);
    assert.deepEqual(membersOf('{}'), []);
});

test('broken text is taken apart without an end in sight', () => {
    for (const text of ['', '{', '{"', '{"a', '{"a"', '{"a":', '{"a":"', '{"a":{"b":[', '{"a":1,', '}}}', '{"a":\\']) {
        assert.ok(Array.isArray(membersOf(text)), text);
    }
});

test('Ids compare as numbers', () => {
    assert.ok(compareIds(parseId('9:20'), parseId('10:1')) < 0);
    assert.ok(compareIds(parseId('10:2'), parseId('10:10')) < 0);
    for (const bad of ['', '1', '1:', ':1', '1:1:1', '-1:1', '1:1 ', '99999999999999999:1']) {
        assert.equal(parseId(bad), null, bad);
    }
});

test('the filter language reads what it writes', () => {
    const text = 'error -idle "two words" provider=sched|irq -event="a b" next_comm:bash Busy>=50 data.Cpu=1';
    const terms = parseFilter(text);
    assert.equal(terms.length, 8);
    assert.equal(formatFilter(terms), text);
    assert.deepEqual(parseFilter(formatFilter(terms)), terms);
    assert.deepEqual(parseFilter('  '), []);
    assert.deepEqual(parseFilter('a|b'), [{ negate: false, field: null, op: ':', values: ['a|b'] }]);
    assert.deepEqual(parseFilter('"x\\"y\\\\z'), [{ negate: false, field: null, op: ':', values: ['x"y\\z'] }]);
    for (const hostile of ['"', '-', '|', 'a=', 'a="', 'a=|||', '-"', '=', ':', 'a:b:c', '\\', '"\\']) {
        assert.deepEqual(parseFilter(formatFilter(parseFilter(hostile))), parseFilter(hostile), hostile);
    }
});

test('clicking a value asks for it, adds to it, excludes it, and takes it back', () => {
    const click = (text, value, negate) => formatFilter(toggle(parseFilter(text), 'provider', value, negate));
    assert.equal(click('x', 'sched', false), 'x provider=sched');
    assert.equal(click('x provider=sched', 'irq', false), 'x provider=sched|irq');
    assert.equal(click('provider=sched|irq', 'sched', false), 'provider=irq');
    assert.equal(click('provider=sched', 'sched', true), '-provider=sched');
    assert.equal(click('-provider=sched', 'sched', true), '');
    assert.equal(click('', '', false), 'provider=""');
    assert.equal(stateOf(parseFilter('provider=a -provider=b'), 'provider', 'b'), -1);
});

test('text is found in any case, in values and names of fields, not in names of columns', () => {
    const buffer = new EventBuffer();
    put(buffer, { ...base, EventData: { comm: 'Bash', path: 'C:\\Temp\\"x"' } });
    put(buffer, { ...base, EventName: 'wakeup', EventData: { comm: 'nginx', größe: 5 }, Message: 'Two words here' });
    assert.deepEqual(matching(buffer, 'bash'), [0]);
    assert.deepEqual(matching(buffer, 'BASH'), [0]);
    assert.deepEqual(matching(buffer, '-bash'), [1]);
    assert.deepEqual(matching(buffer, 'sched nginx'), [1]);
    assert.deepEqual(matching(buffer, '"two words"'), [1]);
    assert.deepEqual(matching(buffer, 'temp\\"x"'), [0]);
    assert.deepEqual(matching(buffer, '"Temp\\\\\\"x\\""'), [0]);
    assert.deepEqual(matching(buffer, 'comm'), [0, 1]);
    assert.deepEqual(matching(buffer, 'größe'), [1]);
    assert.deepEqual(matching(buffer, 'provider'), []);
    assert.deepEqual(matching(buffer, 'message'), []);
    assert.deepEqual(matching(buffer, 'nothing-of-that'), []);
});

test('fields are compared as text and as numbers', () => {
    const buffer = new EventBuffer();
    put(buffer, { ...base, Level: 'Error', LevelValue: 2, EventData: { Busy: 12.5, comm: 'bash' } });
    put(buffer, { ...base, Provider: 'cpu', ProcessId: 77, EventData: { Busy: 70, comm: 'bashful', Provider: 'inner' } });
    assert.deepEqual(matching(buffer, 'Busy>50'), [1]);
    assert.deepEqual(matching(buffer, 'busy<=12.5'), [0]);
    assert.deepEqual(matching(buffer, 'comm=bash'), [0]);
    assert.deepEqual(matching(buffer, 'comm:bash'), [0, 1]);
    assert.deepEqual(matching(buffer, 'comm=bash|bashful'), [0, 1]);
    assert.deepEqual(matching(buffer, '-comm=bash'), [1]);
    assert.deepEqual(matching(buffer, 'provider=cpu'), [1]);
    assert.deepEqual(matching(buffer, 'data.Provider=inner'), [1]);
    assert.deepEqual(matching(buffer, 'pid=77'), [1]);
    assert.deepEqual(matching(buffer, 'level=Error'), [0]);
    assert.deepEqual(matching(buffer, 'level=""'), [1]);
    assert.deepEqual(matching(buffer, 'nofield>0'), []);
});

test('gaps hold whatever the text says, but only those of the computer asked for', () => {
    const buffer = new EventBuffer();
    put(buffer, { Computer: 'a', ...base });
    put(buffer, { Computer: 'a', ...base, Provider: 'Etwas', EventName: 'Lost', EventData: { Count: 5 } });
    assert.deepEqual(matching(buffer, 'absent'), [1]);
    assert.deepEqual(matching(buffer, '-sched'), [1]);
    assert.deepEqual(matching(buffer, 'computer=b'), []);
    assert.deepEqual(matching(buffer, 'computer=a absent'), [1]);
});

test('searching finds what a plain search finds', () => {
    const text = 'abracadabra "Abra" CADABRA \\u00e9 aaaaaaaaab';
    const bytes = encoder.encode(text);
    for (const part of ['abra', 'ABRA', 'a', 'aaab', 'cadabra \\', 'zzz', text]) {
        const expected = text.toLowerCase().indexOf(JSON.stringify(part).slice(1, -1).toLowerCase());
        assert.equal(new Needle(part).find(bytes, 0, bytes.length), expected, part);
    }
});

test('the oldest rows make room, and counts go with them', () => {
    const buffer = new EventBuffer({ maxRows: 10_000 });
    for (let i = 0; i < 30_000; i++) {
        put(buffer, { ...base, Provider: i < 15_000 ? 'early' : 'late' }, `${i + 1}:1`);
    }
    assert.ok(buffer.rows >= 10_000 && buffer.rows < 10_000 + 2 * 4096, String(buffer.rows));
    assert.equal(buffer.dropped, 30_000 - buffer.rows);
    const { texts, counts } = buffer.dictionaries.provider;
    assert.equal(counts[texts.indexOf('early')], 0);
    assert.equal(counts[texts.indexOf('late')], buffer.rows);
    assert.equal(buffer.row(0), null);
    assert.equal(buffer.row(29_999).id, '30000:1');
    assert.equal(buffer.find('29000:1'), 28_999);
});

test('huge rows are bounded by their bytes', () => {
    const buffer = new EventBuffer({ maxBytes: 16 * 1024 * 1024 });
    for (let i = 0; i < 60; i++) {
        put(buffer, { ...base, EventData: { text: 'x'.repeat(1_000_000) } });
    }
    assert.ok(buffer.bytes <= 32 * 1024 * 1024, String(buffer.bytes));
    assert.ok(buffer.dropped > 0);
});

test('older rows are put before, and positions follow', () => {
    const buffer = new EventBuffer();
    const view = new View(buffer);
    for (let i = 0; i < 5000; i++) {
        put(buffer, makeEvent(10_000 + i, 1e12 + i), `${10_000 + i}:1`);
    }
    view.work(Infinity);
    const seq = view.seqAt(100);
    buffer.prepend(Array.from({ length: 9000 }, (_, i) => {
        const bytes = encoder.encode(JSON.stringify({ Id: `${1000 + i}:1`, ...makeEvent(1000 + i, 1e12 - 9000 + i) }));
        return [bytes, 0, bytes.length];
    }));
    view.work(Infinity);
    assert.equal(view.total, 14_000);
    assert.equal(view.positionOf(seq), 9100);
    assert.equal(buffer.row(view.seqAt(0)).id, '1000:1');
    for (const position of [0, 1, 4095, 4096, 8999, 9000, 13_999]) {
        assert.equal(view.positionOf(view.seqAt(position)), position);
    }
    assert.equal(view.seqAt(14_000), null);
});

test('a filter is worked through in small steps, newest first', () => {
    const buffer = new EventBuffer();
    for (let i = 0; i < 20_000; i++) {
        put(buffer, { ...base, EventData: { i } });
    }
    const view = new View(buffer);
    view.setFilter(parseFilter('switch'), null);
    assert.ok(view.work(performance.now() - 1));
    assert.ok(view.total < 20_000);
    assert.equal(view.seqAt(view.total - 1) >= 16_384, true);
    while (view.work(performance.now() + 1)) {
        // goes on
    }
    assert.equal(view.total, 20_000);
});

test('columns and the address are read back as they were written', () => {
    const columns = parseColumns('time:200,data.next%2Ccomm,unknown,data,time');
    assert.deepEqual(columns.map(({ key, width }) => [key, width]), [['time', 200], ['data.next,comm', 120], ['data', 140]]);
    assert.equal(formatColumns(columns), 'time:200,data.next%2Ccomm,data');
    assert.equal(formatColumns(parseColumns('')), DEFAULT);
    assert.deepEqual(moved(columns, 'data', 'time').map(({ key }) => key), ['data', 'time', 'data.next,comm']);
    assert.equal(resized(columns, 'time', -5)[0].width, 36);
    assert.equal(toggled(columns, 'pid').at(-2).key, 'pid');
    const state = { filter: 'a "b c" &=#%', zoom: { from: 1000, to: 2000 }, range: { from: null, to: 5000 }, columns, row: '17:3', paused: true, tab: 'charts' };
    assert.deepEqual(JSON.parse(JSON.stringify(readAddress(formatAddress(state)))), JSON.parse(JSON.stringify(state)));
    assert.equal(formatAddress({ ...readAddress('') }), '');
    assert.equal(readAddress('#row=<img>&tab=evil&zoom=x..y&cols=%').row, null);
});

test('what cannot be seen is written out', () => {
    assert.equal(visible('a\u202eb'), 'a\\u{202E}b');
    assert.equal(visible('\u0000\t\n\u001b[31m'), '\\u{0}\\t\\n\\u{1B}[31m');
    assert.equal(visible('a\u200bb\u2066c\ufeff\u{e0041}\ud800'), 'a\\u{200B}b\\u{2066}c\\u{FEFF}\\u{E0041}\\u{D800}');
    assert.equal(visible('größer 😀 日本 שלום'), 'größer 😀 日本 שלום');
    assert.match(visible('x'.repeat(10_000), 100), /^x{100}… \(10,000 characters\)$/);
});

test('CSV runs nothing', () => {
    for (const formula of ['=cmd|\'/c calc\'!A0', '+1+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '|x', '\uff1d1']) {
        const cell = csvCell(formula);
        assert.match(cell, /^"?'/, JSON.stringify(formula));
    }
    assert.equal(csvCell('-12.5'), '-12.5');
    assert.equal(csvCell('a,"b"\n'), '"a,""b""\n"');
    assert.equal(csvCell('plain'), 'plain');
});

test('times that people type are understood', () => {
    const now = Date.UTC(2026, 10, 25, 12, 0, 0);
    assert.equal(parseMoment('-90s', now), now - 90_000);
    assert.equal(parseMoment('-1.5h', now), now - 5_400_000);
    assert.equal(parseMoment('now', now), now);
    assert.equal(parseMoment('2026-11-25', now), Date.UTC(2026, 10, 25));
    assert.equal(parseMoment('2026-11-25 9:05', now), Date.UTC(2026, 10, 25, 9, 5));
    assert.equal(parseMoment('2026-11-25T09:05:06.5Z', now), Date.UTC(2026, 10, 25, 9, 5, 6, 500));
    assert.equal(parseMoment('10:00:05', now), Date.UTC(2026, 10, 25, 10, 0, 5));
    for (const bad of ['', 'x', '-5', '2026', '25:61', '2026-11-25 10', '10:00 11:00 12:00']) {
        assert.ok(Number.isNaN(parseMoment(bad, now)), bad);
    }
    assert.equal(agoText(now - 40_000, now), '40 s ago');
    assert.equal(agoText(NaN), 'never');
});

test('charts are made of the events of cpu and process-cpu', () => {
    const buffer = new EventBuffer();
    for (let second = 0; second < 10; second++) {
        makeUsage(second, 1e12 + second * 1000).forEach((event) => put(buffer, { Computer: 'a', ...event }));
        put(buffer, { Computer: 'a', ...makeEvent(second, 1e12 + second * 1000) });
    }
    while (readSamples(buffer, performance.now() + 100)) {
        // goes on
    }
    const cpus = cpuSeries(buffer, 'a');
    assert.equal(cpus.times.length, 10);
    assert.deepEqual(cpus.series.map(({ key }) => key), [-1, 0, 1, 2, 3]);
    assert.ok(cpus.series.every(({ values }) => values.length === 10 && values.every(Number.isFinite)));
    assert.match(processSeries(buffer, 'a').series[0].key, /^postgres \(900\)$/);
    assert.equal(cpuSeries(buffer, 'b').times.length, 0);
});

test('the histogram counts each row once, and has a bar for each time', () => {
    const buffer = new EventBuffer();
    for (let i = 0; i < 1000; i++) {
        put(buffer, { ...makeEvent(i, Date.UTC(2026, 0, 1) + i * 37) });
    }
    put(buffer, { ...base, TimeCreated: 'never' });
    const view = new View(buffer);
    view.setFilter(parseFilter('provider=sched'), null);
    view.work(Infinity);
    const { times, all, held, step } = countByTime(buffer, view, 50);
    assert.equal(all.reduce((sum, n) => sum + n, 0), 1000);
    assert.ok(times.length <= 52 && times.length > 10);
    assert.equal(step, 1000);
    assert.ok(held.every((n, i) => n <= all[i]));
    assert.ok(held.reduce((sum, n) => sum + n, 0) > 100);
});
