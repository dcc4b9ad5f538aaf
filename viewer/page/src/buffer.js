// SPDX-License-Identifier: MIT
// The rows that the page holds, oldest first: blocks of up to 4,096, each with the bytes of its
// rows one after the other and a typed array for each column that is searched or counted by.
// A row has a number (seq) that it keeps: later rows have larger ones, and older rows that are
// put before get smaller ones, below 0 if need be.
import { MEMBER, findMembers, parseCount, parseTime } from './bytes.js';
import { Dictionary } from './dictionary.js';
import { Row } from './row.js';

const BLOCK_ROWS = 4096;
const BLOCK_BYTES = 4 * 1024 * 1024;
const CACHED_TEXT = 64 * 1024 * 1024;
const COLUMNS = ['provider', 'computer', 'event', 'level', 'process'];
// What Etwas itself says in place of events; by EventName.
export const GAPS = Object.freeze(['', 'Lost', 'Missed', 'Unseen', 'Damaged']);

const decoder = new TextDecoder();

class Block {
    constructor(first) {
        this.first = first; // seq of its first row
        this.rows = 0;
        this.used = 0;
        this.bytes = new Uint8Array(64 * 1024);
        this.starts = new Uint32Array(BLOCK_ROWS + 1);
        this.dataStarts = new Uint32Array(BLOCK_ROWS);
        this.dataEnds = new Uint32Array(BLOCK_ROWS);
        this.times = new Float64Array(BLOCK_ROWS);
        this.gaps = new Uint8Array(BLOCK_ROWS);
        for (const column of COLUMNS) {
            this[column] = new Uint32Array(BLOCK_ROWS);
        }
        this.earliest = Infinity;
        this.latest = -Infinity;
        // The view's: which rows hold.
        this.matches = new Uint16Array(BLOCK_ROWS);
        this.matchCount = 0;
        this.judged = 0;
        this.version = -1;
        // The charts': what they read from it so far.
        this.samples = null;
        this.sampled = 0;
    }

    get full() {
        return this.rows === BLOCK_ROWS || this.used >= BLOCK_BYTES;
    }

    reserve(size) {
        const wanted = this.used + size;
        if (wanted > this.bytes.length) {
            const bytes = new Uint8Array(Math.max(wanted, this.bytes.length * 2));
            bytes.set(this.bytes.subarray(0, this.used));
            this.bytes = bytes;
        }
    }

    // No row comes any more: gives back what is not needed.
    seal() {
        this.bytes = this.bytes.slice(0, this.used);
    }
}

export class EventBuffer {
    constructor({ maxRows = 1_000_000, maxBytes = 768 * 1024 * 1024 } = {}) {
        this.maxRows = maxRows;
        this.maxBytes = maxBytes;
        this.found = new Int32Array(2 * Object.keys(MEMBER).length);
        this.dictionaries = Object.fromEntries(COLUMNS.map((column) => [column, new Dictionary()]));
        this.clear();
    }

    clear() {
        this.blocks = [];
        this.rows = 0;
        this.bytes = 0;
        this.dropped = 0;
        this.epoch = (this.epoch ?? 0) + 1; // seqs of another epoch name other rows
        for (const column of COLUMNS) {
            this.dictionaries[column].counts.fill(0);
        }
        this.cache = new Map();
        this.cached = 0;
    }

    get firstSeq() {
        return this.blocks.length === 0 ? 0 : this.blocks[0].first;
    }

    get endSeq() {
        const last = this.blocks[this.blocks.length - 1];
        return last === undefined ? 0 : last.first + last.rows;
    }

    get isFull() {
        return this.rows >= this.maxRows || this.bytes >= this.maxBytes;
    }

    // Looks at a row that may be put next; its Id is in idRow and idIndex (-1: none).
    scan(bytes, start, end) {
        const { found } = this;
        if (!findMembers(bytes, start, end, found)) {
            return false;
        }
        this.idRow = -1;
        this.idIndex = -1;
        const idStart = found[2 * MEMBER.Id];
        const idEnd = found[2 * MEMBER.Id + 1];
        const colon = idStart < 0 ? -1 : bytes.indexOf(0x3a, idStart);
        if (colon > 0 && colon < idEnd) {
            this.idRow = parseCount(bytes, idStart + 1, colon);
            this.idIndex = parseCount(bytes, colon + 1, idEnd - 1);
        }
        return true;
    }

    // Puts the row that was scanned behind all others.
    append(bytes, start, end) {
        let block = this.blocks[this.blocks.length - 1];
        if (block === undefined || block.full) {
            block?.seal();
            block = new Block(this.endSeq);
            this.blocks.push(block);
        }
        this.put(block, bytes, start, end);
        while (this.isOver()) {
            this.dropOldest();
        }
    }

    isOver() {
        const oldest = this.blocks[0];
        return this.blocks.length > 1 &&
            (this.rows - oldest.rows >= this.maxRows || this.bytes - oldest.used >= this.maxBytes ||
                this.bytes >= 2 * this.maxBytes);
    }

    dropOldest() {
        const block = this.blocks.shift();
        this.rows -= block.rows;
        this.bytes -= block.used;
        this.dropped += block.rows;
        for (const column of COLUMNS) {
            const { counts } = this.dictionaries[column];
            for (let i = 0; i < block.rows; i++) {
                counts[block[column][i]]--;
            }
        }
    }

    // Puts rows, the oldest first, before all others: [bytes, start, end] each.
    prepend(rows) {
        const blocks = [];
        let block = null;
        const first = this.firstSeq - rows.length;
        rows.forEach(([bytes, start, end], i) => {
            if (block === null || block.full) {
                block?.seal();
                block = new Block(first + i);
                blocks.push(block);
            }
            if (!this.scan(bytes, start, end)) {
                throw new Error('not a row');   // who calls has scanned it before
            }
            this.put(block, bytes, start, end);
        });
        block?.seal();
        this.blocks.unshift(...blocks);
    }

    put(block, bytes, start, end) {
        const i = block.rows;
        const { found } = this;
        const code = (column, member) => {
            const value = this.dictionaries[column].code(bytes, found[2 * member], found[2 * member + 1]);
            this.dictionaries[column].counts[value]++;
            block[column][i] = value;
        };
        block.reserve(end - start);
        block.bytes.set(bytes.subarray(start, end), block.used);
        block.starts[i] = block.used;
        block.used += end - start;
        block.starts[i + 1] = block.used;
        const time = parseTime(bytes, found[2 * MEMBER.TimeCreated], found[2 * MEMBER.TimeCreated + 1]);
        block.times[i] = time;
        block.earliest = time < block.earliest ? time : block.earliest;
        block.latest = time > block.latest ? time : block.latest;
        const data = found[2 * MEMBER.EventData];
        block.dataStarts[i] = data < 0 ? end - start : data - start;
        block.dataEnds[i] = data < 0 ? end - start : found[2 * MEMBER.EventData + 1] - start;
        code('provider', MEMBER.Provider);
        code('computer', MEMBER.Computer);
        code('event', MEMBER.EventName);
        code('process', MEMBER.ProcessName);
        code('level', found[2 * MEMBER.Level] < 0 || bytes[found[2 * MEMBER.Level]] === 0x6e
            ? MEMBER.LevelValue : MEMBER.Level);
        block.gaps[i] = this.gapOf(block, i);
        block.rows++;
        this.rows++;
        this.bytes += end - start;
    }

    gapOf(block, i) {
        if (this.dictionaries.provider.texts[block.provider[i]] !== 'Etwas') {
            return 0;
        }
        return Math.max(0, GAPS.indexOf(this.dictionaries.event.texts[block.event[i]]));
    }

    // The block that holds `seq`, or null.
    blockOf(seq) {
        let low = 0;
        let high = this.blocks.length - 1;
        while (low <= high) {
            const middle = (low + high) >> 1;
            const block = this.blocks[middle];
            if (seq < block.first) {
                high = middle - 1;
            } else if (seq >= block.first + block.rows) {
                low = middle + 1;
            } else {
                return block;
            }
        }
        return null;
    }

    text(block, i) {
        return decoder.decode(block.bytes.subarray(block.starts[i], block.starts[i + 1]));
    }

    parse(block, i) {
        return new Row(block.first + i, this.text(block, i), block.times[i]);
    }

    // The row `seq`, kept for a while as it is likely to be asked for again; null if it is gone.
    row(seq) {
        const known = this.cache.get(seq);
        if (known !== undefined) {
            return known;
        }
        const block = this.blockOf(seq);
        if (block === null) {
            return null;
        }
        const row = this.parse(block, seq - block.first);
        if (this.cache.size >= 1000 || this.cached > CACHED_TEXT) {
            this.cache.clear();
            this.cached = 0;
        }
        this.cached += row.text.length;
        this.cache.set(seq, row);
        return row;
    }

    // The seq of the row with that Id, or null. Ids grow, but for rows of our own that have none.
    find(id) {
        const wanted = new TextEncoder().encode(`"Id":"${id}"`);
        for (const block of this.blocks) {
            for (let i = 0; i < block.rows; i++) {
                const start = block.starts[i] + 1;
                let same = 0;
                while (same < wanted.length && block.bytes[start + same] === wanted[same]) {
                    same++;
                }
                if (same === wanted.length) {
                    return block.first + i;
                }
            }
        }
        return null;
    }
}
