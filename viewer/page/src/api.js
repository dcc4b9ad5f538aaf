// SPDX-License-Identifier: MIT
// The relay's API (docs/http.md), by requests to where the page came from.
import { LineSplitter } from './bytes.js';

// Something that the relay refused: `status` is that of HTTP, 0 when it could not be reached.
export class Refusal extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

async function refusalOf(response) {
    let detail = '';
    try {
        const problem = JSON.parse((await response.text()).slice(0, 4096));
        detail = String(problem.detail ?? problem.title ?? '');
    } catch {
        detail = '';
    }
    return new Refusal(response.status, detail || `the relay answered ${response.status}`);
}

export async function request(path, signal, headers = {}) {
    let response;
    try {
        response = await fetch(path, { signal, headers, credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
    } catch (error) {
        if (signal?.aborted) {
            throw error;
        }
        throw new Refusal(0, 'the relay cannot be reached');
    }
    if (!response.ok) {
        throw await refusalOf(response);
    }
    return response;
}

export async function getJson(path, signal) {
    return (await request(path, signal)).json();
}

function moment(ms) {
    return new Date(ms).toISOString();
}

// from, to: ms; null: any. cursor: an Id; null: from the beginning.
export function eventsPath({ from = null, to = null, order, limit, cursor = null }) {
    const query = new URLSearchParams();
    if (from !== null) {
        query.set('from', moment(from));
    }
    if (to !== null) {
        query.set('to', moment(to));
    }
    query.set('order', order);
    query.set('limit', String(limit));
    if (cursor !== null) {
        query.set('cursor', cursor);
    }
    return `/v1/events?${query}`;
}

// Lets the browser draw and answer the user, between two pieces of work.
export function breathe() {
    return new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
            port1.close();
            resolve();
        };
        port2.postMessage(0);
    });
}

// Calls each(bytes, start, end) for every line that is not empty; `pause` is awaited between the
// pieces of the body. The count of lines.
export async function readLines(path, each, { signal, pause = breathe } = {}) {
    const response = await request(path, signal);
    let lines = 0;
    const splitter = new LineSplitter((bytes, start, end) => {
        if (end > start) {
            lines++;
            each(bytes, start, end);
        }
    });
    const reader = response.body.getReader();
    for (;;) {
        const { value, done } = await reader.read();
        if (done) {
            break;
        }
        // Small pieces, so that none of them takes longer than a frame.
        for (let at = 0; at < value.length; at += 1 << 18) {
            splitter.feed(value.subarray(at, at + (1 << 18)));
            await pause();
        }
    }
    splitter.finish();
    return lines;
}
