// SPDX-License-Identifier: MIT
// Fills the buffer: from the store, and then live; or a window of the store that can be extended
// at both ends. What an event's Id says is what orders them: nothing is put twice.
import { Refusal, breathe, eventsPath, getJson, readLines } from './api.js';
import { LiveStream } from './live.js';
import { compareIds, parseId } from './row.js';

const FIRST_PAGE = 2000;
const OLDER_PAGE = 5000;
const RANGE_PAGE = 50_000;

const encoder = new TextEncoder();

export class Feed {
    // changed(): something that the page shows is another; loaded(): the newest of the store are here.
    constructor(buffer, changed, loaded) {
        this.buffer = buffer;
        this.changed = changed;
        this.loaded = loaded;
        this.status = 'connecting'; // open, closed, refused
        this.reason = '';
        this.rate = null;           // of the last second
        this.lost = new Map();      // "computer/where" -> { computer, where, count }, since the page was opened
        this.lostTotal = 0;
        this.missed = 0;
        this.bad = 0;
        this.generation = 0;
        this.reset();
    }

    reset() {
        this.generation++;
        this.live?.stop();
        this.live = null;
        this.abort?.abort();
        this.abort = new AbortController();
        this.buffer.clear();
        this.newest = null;
        this.oldest = null;
        this.hasOlder = true;
        this.hasNewer = false;
        this.busy = '';     // older, newer, range
        this.note = '';
        this.range = null;
        this.mode = 'live';
    }

    // Takes a line of the store or the stream if it comes behind what is here.
    take(bytes, start, end) {
        const { buffer } = this;
        if (!buffer.scan(bytes, start, end)) {
            this.bad++;
            return false;
        }
        const id = { row: buffer.idRow, index: buffer.idIndex };
        if (id.row >= 0) {
            if (this.newest !== null && compareIds(id, this.newest) <= 0) {
                return false;
            }
            this.newest = id;
            this.oldest ??= id;
        }
        buffer.append(bytes, start, end);
        return true;
    }

    takeOwn(event) {
        const bytes = encoder.encode(JSON.stringify(event));
        this.take(bytes, 0, bytes.length);
    }

    // --- live ---

    startLive() {
        this.reset();
        const { generation } = this;
        this.mode = 'live';
        this.status = 'connecting';
        this.changed();
        this.live = new LiveStream({
            connect: () => this.beforeLive(generation),
            opened: (signal) => this.isSameStore(generation, signal),
            // Of an empty store all; a row 0 would mean "from now on".
            position: () => (this.newest === null || this.newest.row === 0 ? '1:0' : `${this.newest.row}:${this.newest.index}`),
            event: (bytes, start, end) => this.liveEvent(bytes, start, end),
            named: (type, data) => this.liveNamed(type, data),
            state: (status, reason) => {
                if (generation === this.generation) {
                    this.status = status;
                    this.reason = reason;
                    this.rate = status === 'open' ? this.rate : null;
                    this.changed();
                }
            },
        });
    }

    // Before the first attempt to connect: the newest of the store.
    async beforeLive(generation) {
        if (this.newest !== null) {
            return;
        }
        const lines = await this.pageBackwards({ limit: FIRST_PAGE }, (rows) => {
            if (generation === this.generation) {
                rows.forEach(([bytes, start, end]) => this.take(bytes, start, end));
            }
        });
        if (generation === this.generation) {
            this.hasOlder = lines === FIRST_PAGE;
            this.loaded();
            this.changed();
        }
    }

    // Is the store still the one whose rows are here? False: the stream is to begin at its
    // beginning. Asked when the stream is open: a relay that is started again with another store
    // ends the stream, so what is answered now is true of all that comes in it.
    async isSameStore(generation, signal) {
        if (this.newest === null || this.newest.row === 0) {
            return true;
        }
        let last = null;
        await readLines(eventsPath({ order: 'desc', limit: 1 }), (bytes, start, end) => {
            if (this.buffer.scan(bytes, start, end)) {
                last = { row: this.buffer.idRow, index: this.buffer.idIndex };
            }
        }, { signal });
        if (generation !== this.generation || (last !== null && compareIds(last, this.newest) >= 0)) {
            return true;
        }
        this.newest = { row: 0, index: 0 };
        this.oldest = null;
        this.hasOlder = false;
        this.takeOwn({ TimeCreated: new Date().toISOString(), Provider: 'Etwas', EventName: 'Missed',
            EventData: { Reason: 'the relay has another store now, or an empty one: what follows comes from that' } });
        this.changed();
        return false;
    }

    liveEvent(bytes, start, end) {
        if (!this.take(bytes, start, end)) {
            return;
        }
        const { buffer } = this;
        const block = buffer.blocks[buffer.blocks.length - 1];
        if (block.gaps[block.rows - 1] === 1) {
            this.countLost(buffer.parse(block, block.rows - 1));
        }
        this.changed();
    }

    countLost(row) {
        const where = row.field('Where').slice(0, 40) || 'somewhere';
        const computer = row.get('Computer').slice(0, 64);
        const key = `${computer}/${where}`;
        const count = Number(row.field('Count')) || 0;
        const known = this.lost.get(key) ?? { computer, where, count: 0 };
        known.count += count;
        if (this.lost.size < 1000 || this.lost.has(key)) {
            this.lost.set(key, known);
        }
        this.lostTotal += count;
    }

    liveNamed(type, data) {
        if (type === 'rate') {
            this.rate = { events: Number(data.Events) || 0, shown: Number(data.Shown) || 0, at: performance.now() };
        } else if (type === 'missed') {
            this.missed += Number(data.Count) || 0;
            this.takeOwn({ TimeCreated: new Date().toISOString(), Provider: 'Etwas', EventName: 'Missed',
                EventData: { Count: data.Count, After: data.After, Until: data.Until } });
        } else if (type === 'bad') {
            this.bad++;
        }
        this.changed();
    }

    // --- the store ---

    // Reads a page newest first and hands its rows over oldest first; the count of them.
    async pageBackwards(query, use) {
        const rows = [];
        const lines = await readLines(eventsPath({ ...query, order: 'desc' }), (bytes, start, end) => {
            if (this.buffer.scan(bytes, start, end)) {
                rows.push([bytes.slice(start, end), 0, end - start]);
            } else {
                this.bad++;
            }
        }, { signal: this.abort.signal });
        use(rows.reverse());
        return lines;
    }

    async guarded(what, work) {
        const { generation } = this;
        this.busy = what;
        this.changed();
        try {
            await work(generation);
        } catch (error) {
            if (generation === this.generation) {
                this.note = error instanceof Refusal ? error.message : 'the relay cannot be reached';
                if (error.status === 401) {
                    this.status = 'refused';
                }
            }
        } finally {
            if (generation === this.generation) {
                this.busy = '';
                this.changed();
            }
        }
    }

    // Puts older rows before the first.
    loadOlder() {
        if (this.busy !== '' || !this.hasOlder || this.oldest === null) {
            return Promise.resolve();
        }
        if (this.buffer.isFull || this.buffer.dropped > 0) {
            this.note = 'The page holds as many rows as it can. Choose a time range to look further back.';
            this.changed();
            return Promise.resolve();
        }
        return this.guarded('older', async (generation) => {
            const cursor = `${this.oldest.row}:${this.oldest.index}`;
            const from = this.range?.from ?? null;
            const lines = await this.pageBackwards({ limit: OLDER_PAGE, cursor, from }, (rows) => {
                if (generation !== this.generation || rows.length === 0) {
                    return;
                }
                this.buffer.prepend(rows);
                this.buffer.scan(...rows[0]);
                this.oldest = { row: this.buffer.idRow, index: this.buffer.idIndex };
            });
            this.hasOlder = lines === OLDER_PAGE;
        });
    }

    // A window of the store, extended until it ends or the buffer is full.
    startRange({ from = null, to = null }) {
        this.reset();
        this.mode = 'range';
        this.range = { from, to };
        this.hasOlder = false;
        this.status = 'open';
        return this.guarded('range', (generation) => this.loadForward(generation, null, Infinity));
    }

    // The rows around one.
    startAround(id) {
        this.reset();
        this.mode = 'range';
        this.range = { from: null, to: null, around: true };
        this.status = 'open';
        const parsed = parseId(id);
        if (parsed === null) {
            return Promise.resolve();
        }
        return this.guarded('range', async (generation) => {
            const behind = `${parsed.row}:${parsed.index + 1}`;
            const lines = await this.pageBackwards({ limit: FIRST_PAGE, cursor: behind }, (rows) => {
                if (generation === this.generation) {
                    rows.forEach(([bytes, start, end]) => this.take(bytes, start, end));
                }
            });
            this.hasOlder = lines === FIRST_PAGE;
            await this.loadForward(generation, id, OLDER_PAGE);
        });
    }

    loadNewer() {
        if (this.mode !== 'range' || this.busy !== '' || !this.hasNewer || this.newest === null) {
            return Promise.resolve();
        }
        const cursor = `${this.newest.row}:${this.newest.index}`;
        return this.guarded('newer', (generation) => this.loadForward(generation, cursor, OLDER_PAGE));
    }

    async loadForward(generation, start, most) {
        let cursor = start;
        let loaded = 0;
        while (generation === this.generation && !this.buffer.isFull && loaded < most) {
            const limit = Math.min(RANGE_PAGE, most - loaded, this.buffer.maxRows - this.buffer.rows);
            let began = performance.now();
            const lines = await readLines(eventsPath({ ...this.range, order: 'asc', limit, cursor }),
                (bytes, from, to) => {
                    if (generation === this.generation) {
                        this.take(bytes, from, to);
                    }
                }, {
                    signal: this.abort.signal,
                    pause: async () => {
                        if (performance.now() - began > 8) {
                            this.changed();
                            await breathe();
                            began = performance.now();
                        }
                    },
                });
            loaded += lines;
            this.hasNewer = lines === limit;
            if (!this.hasNewer || this.newest === null) {
                break;
            }
            cursor = `${this.newest.row}:${this.newest.index}`;
        }
        if (generation === this.generation && this.buffer.isFull && this.hasNewer) {
            this.hasNewer = false;
            this.note = 'The page holds as many rows as it can: the range may have more. Choose a shorter one.';
        }
    }

    stopLoading() {
        this.abort.abort();
        this.abort = new AbortController();
        this.note = 'Stopped: this is not the whole range.';
        this.hasNewer = true;
        this.changed();
    }
}

export { getJson };
