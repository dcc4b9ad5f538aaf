// SPDX-License-Identifier: MIT
// Files that people take with them: JSON lines as they came, or CSV.
import { eventsPath, readLines, breathe } from './api.js';
import { Row, compareIds, parseId } from './row.js';

const CSV_COLUMNS = ['Id', 'TimeCreated', 'Computer', 'Provider', 'EventId', 'EventName', 'Level', 'ProcessId',
    'ThreadId', 'ProcessName', 'Cpu', 'Message'];
const PIECE = 4096;
const PAGE = 100_000;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

// One cell. Spreadsheets run what begins with these as a formula: an apostrophe makes it text.
export function csvCell(text) {
    const risky = /^[\s\u0000-\u001f\ufeff]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/u.test(text) || /^[\t\r\n]/.test(text);
    const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text);
    const safe = risky && !number ? `'${text}` : text;
    return /[",\r\n']/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function csvLine(row, fields) {
    const cells = CSV_COLUMNS.map((name) => row.get(name));
    for (const field of fields) {
        cells.push(row.field(field));
    }
    cells.push(row.data.length === 0 ? '' : row.data.map(([name, value]) => `${name}=${value}`).join('; '));
    return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvHead(fields) {
    return `${[...CSV_COLUMNS, ...fields, 'EventData'].map(csvCell).join(',')}\r\n`;
}

// Collects text or bytes as parts of a file, so that no string grows beyond bounds.
class Writer {
    constructor(format, fields) {
        this.format = format;
        this.fields = fields;
        this.parts = [];
        this.rows = 0;
        this.pending = format === 'csv' ? [csvHead(fields)] : [];
    }

    put(text) {
        this.rows++;
        this.pending.push(this.format === 'csv' ? csvLine(new Row(0, text, NaN), this.fields) : `${text}\n`);
        if (this.pending.length >= PIECE) {
            this.flush();
        }
    }

    flush() {
        if (this.pending.length > 0) {
            this.parts.push(new Blob([encoder.encode(this.pending.join(''))]));
            this.pending = [];
        }
    }

    finish() {
        this.flush();
        return new Blob(this.parts, { type: this.format === 'csv' ? 'text/csv;charset=utf-8' : 'application/x-ndjson' });
    }
}

// The rows of the view. progress(rows) may return false to stop.
export async function exportView(view, format, fields, progress) {
    const writer = new Writer(format, fields);
    const seqs = [];
    view.forEach((block, i) => {
        seqs.push(block.first + i);
    });
    let began = performance.now();
    for (const seq of seqs) {
        const block = view.buffer.blockOf(seq);
        if (block !== null) {
            writer.put(view.buffer.text(block, seq - block.first));
        }
        if (performance.now() - began > 10) {
            if (progress(writer.rows) === false) {
                return null;
            }
            await breathe();
            began = performance.now();
        }
    }
    return writer.finish();
}

// A range of the store, all of it.
export async function exportRange(range, format, fields, progress, signal) {
    const writer = new Writer(format, fields);
    let cursor = null;
    for (;;) {
        let last = null;
        const lines = await readLines(eventsPath({ ...range, order: 'asc', limit: PAGE, cursor }), (bytes, start, end) => {
            const text = decoder.decode(bytes.subarray(start, end));
            last = text;
            writer.put(text);
        }, { signal, pause: async () => {
            progress(writer.rows);
            await breathe();
        } });
        const id = last === null ? null : new Row(0, last, NaN).id;
        const parsed = id === null ? null : parseId(id);
        if (lines < PAGE || parsed === null || (cursor !== null && compareIds(parsed, parseId(cursor)) <= 0)) {
            return writer.finish();
        }
        cursor = id;
    }
}

export function save(blob, name) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
