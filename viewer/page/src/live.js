// SPDX-License-Identifier: MIT
// The live stream (Server-Sent Events), read by fetch(): unlike EventSource it tells a relay that
// wants another token from one that is being restarted, and hands over bytes.
import { LineSplitter } from './bytes.js';
import { Refusal, breathe, request } from './api.js';

const SILENCE_MS = 40_000; // the relay sends a comment every 15 s
const RETRY_MS = [250, 1000, 2000, 4000, 8000];
const SAMPLE = 2000;       // rows a second

const FIELDS = ['data:', 'event:'].map((name) => new TextEncoder().encode(name));
const decoder = new TextDecoder();

function beginsWith(bytes, start, end, prefix) {
    if (end - start < prefix.length) {
        return false;
    }
    for (let i = 0; i < prefix.length; i++) {
        if (bytes[start + i] !== prefix[i]) {
            return false;
        }
    }
    return true;
}

// on.event(bytes, start, end), on.named(type, data), on.state('open'|'closed'|'refused', reason),
// on.position(): the Id behind which to go on, or null; on.connect(): awaited before each attempt;
// on.opened(signal): awaited once the stream is open and before any of it is read. False: the
// position has changed, connect again.
export class LiveStream {
    constructor(on) {
        this.on = on;
        this.abort = new AbortController();
        this.type = '';
        void this.run();
    }

    stop() {
        this.stopped = true;
        this.abort.abort();
    }

    async run() {
        for (let attempt = 0; !this.stopped; attempt++) {
            this.got = false;
            try {
                await this.on.connect();
                await this.connect();
                continue;
            } catch (error) {
                if (this.stopped) {
                    return;
                }
                if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
                    this.on.state('refused', error.message);
                } else {
                    this.on.state('closed', error.message);
                }
            }
            if (this.got) {
                attempt = 0;
            }
            await this.sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
        }
    }

    sleep(ms) {
        return new Promise((resolve) => {
            setTimeout(resolve, ms);
        });
    }

    // Comes back if one is to connect again at once, and else throws what the stream ended with.
    async connect() {
        const query = new URLSearchParams({ sample: String(SAMPLE) });
        const position = this.on.position();
        if (position !== null) {
            query.set('after', position);
        }
        this.abort = new AbortController();
        let watchdog = setTimeout(() => this.abort.abort(), SILENCE_MS);
        try {
            const response = await request(`/v1/live?${query}`, this.abort.signal, { Accept: 'text/event-stream' });
            if (!await this.on.opened(this.abort.signal)) {
                return;
            }
            this.on.state('open', '');
            this.type = '';
            const splitter = new LineSplitter((bytes, start, end) => this.line(bytes, start, end));
            const reader = response.body.getReader();
            let began = performance.now();
            for (;;) {
                const { value, done } = await reader.read();
                if (done || this.stopped) {
                    break;
                }
                this.got = true;
                clearTimeout(watchdog);
                watchdog = setTimeout(() => this.abort.abort(), SILENCE_MS);
                for (let at = 0; at < value.length; at += 1 << 16) {
                    splitter.feed(value.subarray(at, at + (1 << 16)));
                    if (performance.now() - began > 8) {
                        await breathe();
                        began = performance.now();
                    }
                }
            }
        } finally {
            clearTimeout(watchdog);
            this.abort.abort();
        }
        throw new Refusal(0, 'the relay closed the stream');
    }

    line(bytes, start, end) {
        if (start === end) {
            this.type = '';
        } else if (beginsWith(bytes, start, end, FIELDS[0])) {
            const at = bytes[start + 5] === 0x20 ? start + 6 : start + 5;
            if (this.type === '') {
                this.on.event(bytes, at, end);
            } else {
                this.named(decoder.decode(bytes.subarray(at, end)));
            }
        } else if (beginsWith(bytes, start, end, FIELDS[1])) {
            this.type = decoder.decode(bytes.subarray(start + 6, end)).trim();
        }
    }

    named(text) {
        try {
            this.on.named(this.type, JSON.parse(text));
        } catch {
            this.on.named('bad', {});
        }
    }
}
