// SPDX-License-Identifier: MIT
// A relay that speaks what docs/http.md says to viewers, of events that are made up. It stores
// nothing: events below `generated` are made when they are asked for, so that a million of them
// cost no memory. By itself:
//   node fake_relay.mjs PAGE-FOLDER [PORT [ROWS [EVENTS-A-SECOND]]]
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { computerOf, makeEvent, makeUsage } from './fake_events.mjs';

const BATCH = 850;
const TYPES = { 'index.html': 'text/html; charset=utf-8', 'page.js': 'text/javascript; charset=utf-8',
    'page.css': 'text/css; charset=utf-8', 'icon.svg': 'image/svg+xml' };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export class FakeRelay {
    // generated: events that are in the store at first, `spacing` ms between them, up to now
    constructor(folder, { generated = 0, spacing = 10, token = 'secret' } = {}) {
        this.folder = folder;
        this.generated = generated;
        this.spacing = spacing;
        this.began = Date.now() - generated * spacing;
        this.token = token;
        this.added = [];        // JSON text behind the generated ones, with Ids
        this.row = Math.ceil(generated / BATCH);
        this.viewers = new Set();
        this.requests = [];
        this.publishers = [];
        this.second = 0;
    }

    async listen(port = 0) {
        this.server = createServer((request, response) => this.answer(request, response));
        await new Promise((resolve) => {
            this.server.listen(port, '127.0.0.1', resolve);
        });
        this.port = this.server.address().port;
        this.ticker = setInterval(() => this.tick(), 1000);
        return this;
    }

    get address() {
        return `http://127.0.0.1:${this.port}`;
    }

    async close() {
        clearInterval(this.ticker);
        clearInterval(this.load);
        await new Promise((resolve) => {
            this.server.close(resolve);     // no new ones from here on
            this.server.closeAllConnections();
        });
        this.viewers.clear();
    }

    // As a relay that is killed, and started again after a while with the same store.
    async restart(downMs = 300, meanwhile = () => {}) {
        const { port } = this;
        await this.close();
        meanwhile();
        await new Promise((resolve) => {
            setTimeout(resolve, downMs);
        });
        await this.listen(port);
    }

    // --- the store ---

    // As with a data folder that was removed.
    forget() {
        this.generated = 0;
        this.added = [];
        this.row = 0;
    }

    get size() {
        return this.generated + this.added.length;
    }

    text(i) {
        if (i >= this.generated) {
            return this.added[i - this.generated].text;
        }
        const event = { Id: `${Math.floor(i / BATCH) + 1}:${(i % BATCH) + 1}`, Computer: computerOf(i), ...makeEvent(i, this.began + i * this.spacing) };
        return JSON.stringify(event);
    }

    id(i) {
        return i >= this.generated ? this.added[i - this.generated].id : [Math.floor(i / BATCH) + 1, (i % BATCH) + 1];
    }

    time(i) {
        return i >= this.generated ? this.added[i - this.generated].time : this.began + i * this.spacing;
    }

    // The first event whose Id is beyond `cursor`.
    behind(cursor) {
        const [row, index] = cursor.split(':').map(Number);
        let low = 0;
        let high = this.size;
        while (low < high) {
            const middle = (low + high) >> 1;
            const id = this.id(middle);
            if (id[0] < row || (id[0] === row && id[1] <= index)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    // Stores a batch and tells viewers. Objects or JSON text; `index` 0: the relay's own gap.
    publish(events, computer = 'web1', { gap = false } = {}) {
        this.row++;
        events.forEach((event, i) => {
            const id = [this.row, gap ? 0 : i + 1];
            const body = typeof event === 'string' ? event : JSON.stringify(event);
            const text = `{"Id":"${id.join(':')}","Computer":${JSON.stringify(computer)},${body.slice(1)}`;
            const time = Date.parse(/"TimeCreated":"([^"]*)"/.exec(body)?.[1]);
            this.added.push({ id, text, time });
        });
        for (const viewer of this.viewers) {
            this.send(viewer);
        }
    }

    lose(count, where = 'spool', computer = 'web1') {
        const now = Date.now();
        this.publish([{ TimeCreated: new Date(now).toISOString(), Provider: 'Etwas', EventId: 0, EventName: 'Lost', ProcessId: 0, ThreadId: 0, Cpu: 0,
            EventData: { Where: where, Count: count, First: new Date(now - 1500).toISOString(), Last: new Date(now).toISOString() } }], computer, { gap: true });
    }

    miss(count) {
        for (const viewer of this.viewers) {
            viewer.response.write(`event: missed\ndata: ${JSON.stringify({ Count: count, After: '1:1', Until: '1:9' })}\n\n`);
        }
    }

    // --- live ---

    send(viewer) {
        let text = '';
        const end = this.size;
        viewer.offered += end - viewer.next;
        const every = viewer.sample === 0 ? 1 : Math.max(1, Math.ceil(viewer.lastRate / viewer.sample));
        for (; viewer.next < end; viewer.next++) {
            const id = this.id(viewer.next);
            const own = id[1] === 0;
            if (!own && (viewer.next % every !== 0 || (viewer.sample > 0 && viewer.sent >= viewer.sample))) {
                continue;
            }
            viewer.sent++;
            text += `id: ${id.join(':')}\ndata: ${this.text(viewer.next)}\n\n`;
            if (text.length > 65536) {
                viewer.response.write(text);
                text = '';
            }
        }
        if (text !== '') {
            viewer.response.write(text);
        }
    }

    tick() {
        const Time = new Date().toISOString();
        for (const viewer of this.viewers) {
            viewer.lastRate = viewer.offered;
            if (viewer.sample > 0) {
                viewer.response.write(`event: rate\ndata: ${JSON.stringify({ Time, Events: viewer.offered, Shown: viewer.sent })}\n\n`);
            }
            viewer.offered = 0;
            viewer.sent = 0;
        }
    }

    // Publishes so many events a second, from now on.
    startLoad(perSecond, { usage = false } = {}) {
        clearInterval(this.load);
        let made = 0;
        const began = performance.now();
        this.load = setInterval(() => {
            const due = Math.floor(((performance.now() - began) * perSecond) / 1000) - made;
            // Where the processors are others', what cannot be made in time is not made up for.
            const wanted = Math.min(due, Math.ceil(perSecond / 5));
            const byComputer = new Map();
            for (let i = 0; i < wanted; i++) {
                const number = this.size + i;
                const computer = computerOf(number);
                byComputer.set(computer, byComputer.get(computer) ?? []);
                byComputer.get(computer).push(makeEvent(number, Date.now()));
            }
            made += due;
            byComputer.forEach((events, computer) => this.publish(events, computer));
            if (usage && Math.floor((performance.now() - began) / 1000) > this.second) {
                this.second++;
                this.publish(makeUsage(this.second, Date.now()), 'web1');
            }
        }, 50);
    }

    stopLoad() {
        clearInterval(this.load);
    }

    // --- HTTP ---

    admits(request) {
        const { authorization = '', cookie = '' } = request.headers;
        return authorization === `Bearer ${this.token}` || cookie.split(/;\s*/).includes(`etwas-${this.port}=${this.token}`);
    }

    answer(request, response) {
        const url = new URL(request.url, this.address);
        this.requests.push(request.url);
        response.setHeader('Content-Security-Policy', POLICY);
        response.setHeader('X-Content-Type-Options', 'nosniff');
        if (url.pathname === '/' && url.searchParams.get('token') === this.token) {
            response.writeHead(303, { Location: '/', 'Set-Cookie': `etwas-${this.port}=${this.token}; HttpOnly; SameSite=Strict; Path=/` });
            response.end();
            return;
        }
        if (!this.admits(request)) {
            response.writeHead(401, { 'Content-Type': 'application/problem+json' });
            response.end('{"type":"urn:etwas:problem:token","title":"The viewer token is missing or wrong","status":401}');
            return;
        }
        const routes = { '/v1/events': () => this.events(url.searchParams, response), '/v1/live': () => this.live(request, url.searchParams, response),
            '/v1/publishers': () => this.json(response, { Publishers: this.publishers }), '/v1/stats': () => this.json(response, { Events: this.size }) };
        (routes[url.pathname] ?? (() => this.file(url.pathname, response)))();
    }

    json(response, value) {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(value));
    }

    file(path, response) {
        const name = path === '/' ? 'index.html' : path.slice(1);
        if (TYPES[name] === undefined) {
            response.writeHead(404).end();
            return;
        }
        response.writeHead(200, { 'Content-Type': TYPES[name], 'Cache-Control': 'no-cache' });
        response.end(readFileSync(join(this.folder, name)));
    }

    async events(query, response) {
        const from = query.has('from') ? Date.parse(query.get('from')) : -Infinity;
        const to = query.has('to') ? Date.parse(query.get('to')) : Infinity;
        const ascending = query.get('order') === 'asc';
        const cursor = query.get('cursor');
        let left = Number(query.get('limit') ?? 1000);
        let i = ascending ? (cursor === null ? 0 : this.behind(cursor)) : (cursor === null ? this.size : this.behind(cursor)) - 1;
        if (!ascending && cursor !== null && i >= 0 && this.id(i).join(':') === cursor) {
            i--;
        }
        response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
        let text = '';
        for (; left > 0 && i >= 0 && i < this.size; i += ascending ? 1 : -1) {
            const time = this.time(i);
            if (time >= from && time < to) {
                text += `${this.text(i)}\n`;
                left--;
            }
            if (text.length > 1 << 18) {
                if (!response.write(text)) {
                    await new Promise((resolve) => {
                        const goOn = () => {
                            response.off('drain', goOn).off('close', goOn);
                            resolve();
                        };
                        response.on('drain', goOn).on('close', goOn);
                    });
                }
                if (response.destroyed) {
                    return;
                }
                text = '';
            }
        }
        response.end(text);
    }

    live(request, query, response) {
        this.beforeLive?.();
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        response.write('retry: 1000\n\n');
        const after = query.get('after') ?? request.headers['last-event-id'] ?? null;
        const next = after === null || after.startsWith('0:') ? this.size : this.behind(after);
        const viewer = { response, next, sample: Number(query.get('sample') ?? 0), offered: 0, sent: 0, lastRate: 0 };
        this.viewers.add(viewer);
        response.on('close', () => this.viewers.delete(viewer));
        this.send(viewer);
    }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
    const [folder, port = '8099', rows = '1000000', perSecond = '200'] = process.argv.slice(2);
    const relay = await new FakeRelay(folder, { generated: Number(rows) }).listen(Number(port));
    relay.startLoad(Number(perSecond), { usage: true });
    console.log(`${relay.address}/?token=${relay.token}`);
}
