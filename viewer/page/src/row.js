// SPDX-License-Identifier: MIT
// A row that somebody looks at, taken apart. Numbers stay the text that they were, as those of
// 64 bits do not fit into JavaScript's.

function endOfString(text, at) {
    let i = at + 1;
    while (i < text.length) {
        const character = text.charCodeAt(i);
        if (character === 0x22) {
            return i + 1;
        }
        i += character === 0x5c ? 2 : 1;
    }
    return text.length;
}

function endOfValue(text, at) {
    const first = text[at];
    if (first === '"') {
        return endOfString(text, at);
    }
    let depth = 0;
    let i = at;
    while (i < text.length) {
        const character = text[i];
        if (character === '"') {
            i = endOfString(text, i);
            continue;
        }
        if (character === '{' || character === '[') {
            depth++;
        } else if (character === '}' || character === ']') {
            if (depth === 0) {
                return i;
            }
            if (--depth === 0) {
                return i + 1;
            }
        } else if (character === ',' && depth === 0) {
            return i;
        }
        i++;
    }
    return i;
}

export function unquote(token) {
    if (!token.startsWith('"')) {
        return token;
    }
    if (!token.includes('\\')) {
        return token.slice(1, -1);
    }
    try {
        return JSON.parse(token);
    } catch {
        return token;
    }
}

// The members of the object `text` as [name, JSON of the value].
export function membersOf(text) {
    const members = [];
    let at = text.indexOf('{') + 1;
    while (at > 0 && at < text.length) {
        at = text.indexOf('"', at);
        if (at < 0) {
            break;
        }
        const nameEnd = endOfString(text, at);
        const name = unquote(text.slice(at, nameEnd));
        at = text.indexOf(':', nameEnd) + 1;
        if (at === 0) {
            break;
        }
        while (text.charCodeAt(at) <= 0x20) {
            at++;
        }
        const end = endOfValue(text, at);
        members.push([name, text.slice(at, end).trimEnd()]);
        if (text[end] === '}') {
            break;
        }
        at = end + 1;
    }
    return members;
}

const GAP_NAMES = new Set(['Lost', 'Missed', 'Unseen', 'Damaged']);

export class Row {
    constructor(seq, text, time) {
        this.seq = seq;
        this.text = text;
        this.time = time;
        this.members = new Map();   // top level but EventData: name -> text
        this.data = [];             // of EventData: [name, text]
        this.quoted = new Set();    // names of EventData that are strings
        for (const [name, value] of membersOf(text)) {
            if (name === 'EventData' && value.startsWith('{')) {
                this.takeData(value);
            } else {
                this.members.set(name, value === 'null' ? '' : unquote(value));
            }
        }
    }

    takeData(value) {
        for (const [name, token] of membersOf(value)) {
            if (token.startsWith('"')) {
                this.quoted.add(name);
            }
            this.data.push([name, unquote(token)]);
        }
    }

    get(name) {
        return this.members.get(name) ?? '';
    }

    field(name) {
        for (const [key, value] of this.data) {
            if (key === name) {
                return value;
            }
        }
        return '';
    }

    get id() {
        return this.get('Id');
    }

    // "Lost": events that are nowhere; "Missed": in the store, but not here; "Unseen": sent before
    // the relay was there; "Damaged": the store cannot read them any more.
    get gap() {
        const name = this.get('EventName');
        return this.get('Provider') === 'Etwas' && GAP_NAMES.has(name) ? name : null;
    }
}

// An Id as two numbers that compare, or null.
export function parseId(text) {
    const parts = /^(\d{1,15}):(\d{1,9})$/.exec(text);
    return parts === null ? null : { row: Number(parts[1]), index: Number(parts[2]) };
}

export function compareIds(a, b) {
    return a.row - b.row || a.index - b.index;
}
