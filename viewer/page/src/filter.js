// SPDX-License-Identifier: MIT
// The language of the filter box: terms that must all hold.
//   word  "two words"        anywhere in the event's text, in any case
//   field:part               in that field            field=a|b    is exactly one of these
//   field>5  field<=2.5      as numbers               -term        does not hold

const FIELD = /^(-?)([A-Za-z_][\w.-]*)(>=|<=|:|=|>|<)/;

// Short names of columns; any other field is one of EventData.
const ALIASES = new Map(Object.entries({
    id: 'Id', computer: 'Computer', time: 'TimeCreated', provider: 'Provider', event: 'EventName',
    level: 'Level', process: 'ProcessName', pid: 'ProcessId', tid: 'ThreadId', cpu: 'Cpu',
    eventid: 'EventId', eventname: 'EventName', processname: 'ProcessName', message: 'Message',
    processid: 'ProcessId', threadid: 'ThreadId', timecreated: 'TimeCreated', task: 'Task',
    opcode: 'Opcode', keywords: 'Keywords', channel: 'Channel', activityid: 'ActivityId',
}));

export function columnOf(field) {
    return ALIASES.get(field.toLowerCase()) ?? null;
}

// The value at `at`: quoted, or up to a blank or "|". { value, next }
function readValue(text, at) {
    if (text[at] !== '"') {
        const end = text.slice(at).search(/[\s|]/);
        const next = end < 0 ? text.length : at + end;
        return { value: text.slice(at, next), next };
    }
    let value = '';
    let i = at + 1;
    for (; i < text.length && text[i] !== '"'; i++) {
        if (text[i] === '\\' && i + 1 < text.length) {
            i++;
        }
        value += text[i];
    }
    return { value, next: i + 1 };
}

function readValues(text, at) {
    const values = [];
    let next = at;
    for (;;) {
        const read = readValue(text, next);
        values.push(read.value);
        next = read.next;
        if (text[next] !== '|') {
            return { values, next };
        }
        next++;
    }
}

export function parseFilter(text) {
    const terms = [];
    let at = 0;
    while (at < text.length) {
        if (/\s/.test(text[at])) {
            at++;
            continue;
        }
        const named = FIELD.exec(text.slice(at));
        const negate = text[at] === '-';
        const start = named === null ? at + (negate ? 1 : 0) : at + named[0].length;
        const { values, next } = named === null ? readText(text, start) : readValues(text, start);
        at = Math.max(next, at + 1);
        if (values.some((value) => value !== '') || named?.[3] === '=') {
            terms.push({ negate, field: named?.[2] ?? null, op: named?.[3] ?? ':', values });
        }
    }
    return terms;
}

// Outside of fields "|" is a character as any other.
function readText(text, at) {
    if (text[at] === '"') {
        const { value, next } = readValue(text, at);
        return { values: [value], next };
    }
    const end = text.slice(at).search(/\s/);
    const next = end < 0 ? text.length : at + end;
    return { values: [text.slice(at, next)], next };
}

function quote(value) {
    return /^[^\s"|\\-][^\s"|\\]*$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function formatTerm(term) {
    const values = term.values.map(quote).join('|');
    const sign = term.negate ? '-' : '';
    if (term.field !== null) {
        return `${sign}${term.field}${term.op}${values}`;
    }
    return sign + (FIELD.test(values) ? `"${values}"` : values);
}

export function formatFilter(terms) {
    return terms.map(formatTerm).join(' ');
}

function sameField(term, field, negate) {
    return term.op === '=' && term.negate === negate && term.field !== null &&
        term.field.toLowerCase() === field.toLowerCase();
}

// Is `field=value` asked for (1), excluded (-1) or neither (0)?
export function stateOf(terms, field, value) {
    for (const term of terms) {
        if (term.values.includes(value)) {
            if (sameField(term, field, false)) {
                return 1;
            }
            if (sameField(term, field, true)) {
                return -1;
            }
        }
    }
    return 0;
}

// The filter with `field=value` asked for, or excluded; when it is already, no more.
export function toggle(terms, field, value, negate) {
    const was = stateOf(terms, field, value);
    const without = terms
        .map((term) => (sameField(term, field, false) || sameField(term, field, true)
            ? { ...term, values: term.values.filter((other) => other !== value) } : term))
        .filter((term) => term.values.length > 0);
    if (was === (negate ? -1 : 1)) {
        return without;
    }
    const index = without.findIndex((term) => sameField(term, field, negate));
    if (index < 0) {
        return [...without, { negate, field, op: '=', values: [value] }];
    }
    return without.map((term, i) => (i === index ? { ...term, values: [...term.values, value] } : term));
}
