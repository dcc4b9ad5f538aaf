// SPDX-License-Identifier: MIT
// One event as it came: a JSON object in UTF-8. What the table sorts, counts and searches by is
// read from the bytes; everything else stays as it is until somebody looks at it.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const encoder = new TextEncoder();

// The members that get a column of their own; by length, then by bytes.
const NAMES = ['Id', 'Computer', 'TimeCreated', 'Provider', 'EventName', 'Level', 'LevelValue',
    'ProcessName', 'ProcessId', 'Cpu', 'EventData'];
export const MEMBER = Object.freeze(Object.fromEntries(NAMES.map((name, index) => [name, index])));
const byLength = [];
NAMES.forEach((name, index) => {
    (byLength[name.length] ??= []).push([encoder.encode(name), index]);
});

function memberOf(bytes, start, end) {
    const candidates = byLength[end - start];
    if (candidates === undefined) {
        return -1;
    }
    next: for (const [name, index] of candidates) {
        for (let i = 0; i < name.length; i++) {
            if (bytes[start + i] !== name[i]) {
                continue next;
            }
        }
        return index;
    }
    return -1;
}

// The index behind the string whose opening quote is at `at`, or -1.
function skipString(bytes, at, end) {
    for (let i = at + 1; i < end; i++) {
        const byte = bytes[i];
        if (byte === QUOTE) {
            return i + 1;
        }
        if (byte === BACKSLASH) {
            i++;
        }
    }
    return -1;
}

// The index behind the object or array that begins at `at`, or -1.
function skipNested(bytes, at, end) {
    let depth = 0;
    for (let i = at; i < end; i++) {
        const byte = bytes[i];
        if (byte === QUOTE) {
            i = skipString(bytes, i, end) - 1;
            if (i < 0) {
                return -1;
            }
        } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
            depth++;
        } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
            if (--depth === 0) {
                return i + 1;
            }
        }
    }
    return -1;
}

export function skipValue(bytes, at, end) {
    const byte = bytes[at];
    if (byte === QUOTE) {
        return skipString(bytes, at, end);
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        return skipNested(bytes, at, end);
    }
    let i = at;
    while (i < end && bytes[i] !== COMMA && bytes[i] !== CLOSE_BRACE && bytes[i] !== CLOSE_BRACKET) {
        i++;
    }
    return i > at ? i : -1;
}

function skipBlanks(bytes, at, end) {
    let i = at;
    while (i < end && bytes[i] <= 0x20) {
        i++;
    }
    return i;
}

// Where the values of the members lie that have a column: found[2 * MEMBER.x] is the beginning,
// the one after it the end; both -1 when it is not there. False: no JSON object.
export function findMembers(bytes, start, end, found) {
    found.fill(-1);
    let at = skipBlanks(bytes, start, end);
    if (bytes[at] !== OPEN_BRACE) {
        return false;
    }
    at = skipBlanks(bytes, at + 1, end);
    while (at < end && bytes[at] === QUOTE) {
        const nameEnd = skipString(bytes, at, end);
        if (nameEnd < 0) {
            return false;
        }
        const member = memberOf(bytes, at + 1, nameEnd - 1);
        at = skipBlanks(bytes, nameEnd, end);
        if (bytes[at] !== COLON) {
            return false;
        }
        at = skipBlanks(bytes, at + 1, end);
        const valueEnd = skipValue(bytes, at, end);
        if (valueEnd < 0) {
            return false;
        }
        if (member >= 0) {
            found[2 * member] = at;
            found[2 * member + 1] = valueEnd;
        }
        at = skipBlanks(bytes, valueEnd, end);
        if (bytes[at] !== COMMA) {
            break;
        }
        at = skipBlanks(bytes, at + 1, end);
    }
    return at < end && bytes[at] === CLOSE_BRACE;
}

function digits(bytes, at, count) {
    let value = 0;
    for (let i = at; i < at + count; i++) {
        const digit = bytes[i] - 0x30;
        if (!(digit >= 0 && digit <= 9)) {
            return NaN;
        }
        value = value * 10 + digit;
    }
    return value;
}

// Days since 1970 of a Gregorian date.
function daysOf(year, month, day) {
    const y = month <= 2 ? year - 1 : year;
    const era = Math.floor(y / 400);
    const ofEra = y - era * 400;
    const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
    const days = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear;
    return era * 146097 + days - 719468;
}

// "2026-11-25T10:00:00.1234567Z" with its quotes, as ms since 1970 with a fraction; NaN if it is
// something else.
export function parseTime(bytes, start, end) {
    if (end - start < 22 || bytes[start] !== QUOTE) {
        return NaN;
    }
    const at = start + 1;
    const [month, day] = [digits(bytes, at + 5, 2), digits(bytes, at + 8, 2)];
    const [hour, minute, second] = [digits(bytes, at + 11, 2), digits(bytes, at + 14, 2), digits(bytes, at + 17, 2)];
    if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second <= 60)) {
        return NaN;
    }
    const days = daysOf(digits(bytes, at, 4), month, day);
    const seconds = hour * 3600 + minute * 60 + second;
    let ms = 0;
    if (bytes[at + 19] === 0x2e) {
        let scale = 100;
        for (let i = at + 20; i < end && bytes[i] >= 0x30 && bytes[i] <= 0x39; i++) {
            ms += (bytes[i] - 0x30) * scale;
            scale /= 10;
        }
    }
    return (days * 86400 + seconds) * 1000 + ms;
}

// The digits at `start`, 0 for anything else.
export function parseCount(bytes, start, end) {
    let value = 0;
    for (let i = start; i < end; i++) {
        const digit = bytes[i] - 0x30;
        if (!(digit >= 0 && digit <= 9)) {
            return 0;
        }
        value = value * 10 + digit;
    }
    return value;
}

// Splits what comes in pieces into lines: feed() calls back with (bytes, start, end) for each.
export class LineSplitter {
    constructor(each) {
        this.each = each;
        this.rest = null;
    }

    feed(chunk) {
        let bytes = chunk;
        let scanned = 0;
        if (this.rest !== null) {
            scanned = this.rest.length;
            bytes = new Uint8Array(scanned + chunk.length);
            bytes.set(this.rest);
            bytes.set(chunk, scanned);
            this.rest = null;
        }
        let start = 0;
        for (;;) {
            const end = bytes.indexOf(0x0a, Math.max(start, scanned));
            if (end < 0) {
                break;
            }
            this.each(bytes, start, end > start && bytes[end - 1] === 0x0d ? end - 1 : end);
            start = end + 1;
        }
        if (start < bytes.length) {
            this.rest = start === 0 ? bytes : bytes.slice(start);
        }
    }

    // A last line without an end is one, too.
    finish() {
        if (this.rest !== null) {
            const { rest } = this;
            this.rest = null;
            this.each(rest, 0, rest.length);
        }
    }
}
