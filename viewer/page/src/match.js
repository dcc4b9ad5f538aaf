// SPDX-License-Identifier: MIT
// A filter made ready for a buffer: which rows of a block hold. Searches the bytes of rows;
// takes a row apart only where a field of EventData is asked for and its bytes may hold.
import { skipValue } from './bytes.js';
import { columnOf } from './filter.js';
import { unquote } from './row.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

const FOLD = new Uint8Array(256).map((_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));
const CODED = { Provider: 'provider', Computer: 'computer', EventName: 'event', Level: 'level', ProcessName: 'process' };

// Looks for a text in bytes in any (ASCII) case, after Horspool.
export class Needle {
    constructor(text) {
        // As it stands in JSON.
        this.bytes = encoder.encode(JSON.stringify(text).slice(1, -1)).map((byte) => FOLD[byte]);
        this.skip = new Uint32Array(256).fill(this.bytes.length);
        for (let i = 0; i < this.bytes.length - 1; i++) {
            const distance = this.bytes.length - 1 - i;
            this.skip[this.bytes[i]] = distance;
            if (this.bytes[i] >= 0x61 && this.bytes[i] <= 0x7a) {
                this.skip[this.bytes[i] - 0x20] = distance;
            }
        }
    }

    find(hay, start, end) {
        const { bytes, skip } = this;
        const last = bytes.length - 1;
        let at = start + last;
        while (at < end) {
            let i = 0;
            while (i <= last && FOLD[hay[at - i]] === bytes[last - i]) {
                i++;
            }
            if (i > last) {
                return at - last;
            }
            at += skip[hay[at]];
        }
        return -1;
    }
}

// Does `at` lie in the name of a member? Then the next quote is followed by a colon.
function isName(bytes, at, end) {
    for (let i = at; i < end; i++) {
        if (bytes[i] === BACKSLASH) {
            i++;
        } else if (bytes[i] === QUOTE) {
            return bytes[i + 1] === COLON;
        }
    }
    return false;
}

function textTest(term) {
    const needle = new Needle(term.values[0]);
    return (block, i) => {
        const start = block.starts[i];
        const end = block.starts[i + 1];
        const dataStart = start + block.dataStarts[i];
        const dataEnd = start + block.dataEnds[i];
        let at = needle.find(block.bytes, start, end);
        while (at >= 0) {
            if ((at >= dataStart && at < dataEnd) || !isName(block.bytes, at, end)) {
                return true;
            }
            at = needle.find(block.bytes, at + 1, end);
        }
        return false;
    };
}

// (text) => does it hold?
function valueTest(term) {
    if (term.op === '=') {
        const wanted = new Set(term.values);
        return (text) => wanted.has(text);
    }
    if (term.op === ':') {
        const parts = term.values.filter((value) => value !== '').map((value) => value.toLowerCase());
        return (text) => parts.some((part) => text.toLowerCase().includes(part));
    }
    const limit = Number(term.values[0]);
    const compare = {
        '>': (number) => number > limit,
        '>=': (number) => number >= limit,
        '<': (number) => number < limit,
        '<=': (number) => number <= limit,
    }[term.op];
    return (text) => text !== '' && compare(Number(text));
}

// Columns with a dictionary: each value is judged once.
function codedTest(term, column, dictionary) {
    const holds = valueTest(term);
    const verdicts = [];
    return (block, i) => {
        const code = block[column][i];
        return (verdicts[code] ??= holds(dictionary.texts[code]));
    };
}

// Is there a member of that name, at any depth, whose value holds? Without taking the row apart.
function nameTest(name, holds) {
    const needle = new Needle(name);
    const { length } = needle.bytes;
    return ({ bytes, starts }, i) => {
        const end = starts[i + 1];
        let at = needle.find(bytes, starts[i], end);
        while (at >= 0) {
            const behind = at + length;
            if (bytes[at - 1] === QUOTE && bytes[behind] === QUOTE && bytes[behind + 1] === COLON) {
                const valueEnd = skipValue(bytes, behind + 2, end);
                if (valueEnd < 0 || holds(unquote(decoder.decode(bytes.subarray(behind + 2, valueEnd))))) {
                    return true;
                }
            }
            at = needle.find(bytes, at + 1, end);
        }
        return false;
    };
}

function fieldTest(term, column, buffer) {
    const holds = valueTest(term);
    const name = column ?? term.field.replace(/^data\./i, '');
    // What is not there is empty.
    const mayHold = holds('') ? () => true : nameTest(name, holds);
    const lower = name.toLowerCase();
    return (block, i) => {
        if (!mayHold(block, i)) {
            return false;
        }
        const row = buffer.parse(block, i);
        if (column !== null && holds(row.get(column))) {
            return true;
        }
        return row.data.some(([key, value]) => key.toLowerCase() === lower && holds(value));
    };
}

function compileTerm(term, buffer) {
    if (term.field === null) {
        return textTest(term);
    }
    const column = columnOf(term.field);
    const coded = CODED[column];
    return coded === undefined ? fieldTest(term, column, buffer) : codedTest(term, coded, buffer.dictionaries[coded]);
}

// Tells which rows hold: (block, index in it) => boolean. Gaps hold whatever the text says, as
// nobody knows what was in them; but not those of other computers or times.
export function compile(terms, range, buffer) {
    const tests = terms.map((term) => ({
        test: compileTerm(term, buffer),
        negate: term.negate,
        forGaps: term.field !== null && columnOf(term.field) === 'Computer',
    }));
    const from = range?.from ?? -Infinity;
    const to = range?.to ?? Infinity;
    return (block, i) => {
        const time = block.times[i];
        if (range !== null && !(time >= from && time < to)) {
            return false;
        }
        const gap = block.gaps[i] !== 0;
        for (const { test, negate, forGaps } of tests) {
            if ((!gap || forGaps) && test(block, i) === negate) {
                return false;
            }
        }
        return true;
    };
}
