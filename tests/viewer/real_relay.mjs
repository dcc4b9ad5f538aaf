// SPDX-License-Identifier: MIT
// etwass itself, with the face of FakeRelay: batches are made, signed and sent as docs/http.md
// says, by a sender for each computer.
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { computerOf, makeEvent, makeUsage } from './fake_events.mjs';

const BATCH = 850;
const COMPUTERS = ['web1', 'web2', 'db1', 'web3'];
const BLOCK = 128 * 1024;

// A frame of zstd (RFC 8878) that is not compressed: node 18 has no zstd.
function zstd(bytes) {
    const head = Buffer.alloc(9);
    head.writeUInt32LE(0xfd2fb528, 0);
    head[4] = 0xa0;     // one segment, the size of the content in 4 bytes
    head.writeUInt32LE(bytes.length, 5);
    const parts = [head];
    for (let at = 0; at === 0 || at < bytes.length; at += BLOCK) {
        const block = bytes.subarray(at, at + BLOCK);
        const last = at + BLOCK >= bytes.length ? 1 : 0;
        const size = Buffer.alloc(3);
        size.writeUIntLE((block.length << 3) | last, 0, 3);
        parts.push(size, block);
    }
    return Buffer.concat(parts);
}

class Sender {
    constructor(computer) {
        const { publicKey, privateKey } = generateKeyPairSync('ed25519');
        const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url');
        this.privateKey = privateKey;
        this.id = `SHA256:${createHash('sha256').update(raw).digest('base64').replace(/=+$/, '')}`;
        this.line = `etwas-ed25519 ${raw.toString('base64')} ${computer}`;
        this.stream = randomBytes(16).toString('hex');
        this.sequence = 0;
        this.before = 0;
    }

    // The request for lines, of which `own` are reports of the sender itself.
    batch(lines, own, authority) {
        this.sequence++;
        const body = zstd(Buffer.from(lines.map((line) => `${line}\n`).join('')));
        const headers = {
            'content-type': 'application/x-ndjson', 'content-encoding': 'zstd',
            'content-digest': `sha-512=:${createHash('sha512').update(body).digest('base64')}:`,
            'etwas-batch': `stream="${this.stream}", seq=${this.sequence}, n=${lines.length}, own=${own}, before=${this.before}, ` +
                `produced=${this.before + lines.length - own}, filtered=0, lost-kernel=0, lost-monitor=0`,
        };
        this.before += lines.length - own;
        const covered = ['@method', '@authority', '@path', ...Object.keys(headers)];
        const values = { '@method': 'POST', '@authority': authority, '@path': '/v1/batches', ...headers };
        const created = Math.floor(Date.now() / 1000);
        const parameters = `(${covered.map((name) => `"${name}"`).join(' ')});created=${created};expires=${created + 60};` +
            `nonce="${randomBytes(16).toString('base64url')}";alg="ed25519";keyid="${this.id}";tag="etwas-batch-v1"`;
        const base = [...covered.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${parameters}`].join('\n');
        const signature = sign(null, Buffer.from(base), this.privateKey).toString('base64');
        return { body, headers: { ...headers, 'content-length': body.length, 'signature-input': `sig1=${parameters}`, signature: `sig1=:${signature}:` } };
    }
}

export class RealRelay {
    constructor(program, { generated = 0, spacing = 10 } = {}) {
        this.program = program;
        this.folder = mkdtempSync(join(tmpdir(), 'etwas-page-'));
        this.generated = generated;
        this.spacing = spacing;
        this.began = Date.now() - generated * spacing;
        this.senders = new Map(COMPUTERS.map((computer) => [computer, new Sender(computer)]));
        this.chain = Promise.resolve();
        this.made = generated;
        writeFileSync(join(this.folder, 'keys'), [...this.senders.values()].map(({ line }) => `${line}\n`).join(''), { mode: 0o600 });
    }

    async listen() {
        await this.start(0);
        for (let at = 0; at < this.generated; at += BATCH) {
            const count = Math.min(BATCH, this.generated - at);
            this.publish(Array.from({ length: count }, (_, i) => makeEvent(at + i, this.began + (at + i) * this.spacing)), COMPUTERS[(at / BATCH) % 3]);
        }
        await this.settled();
        return this;
    }

    start(port) {
        this.child = spawn(this.program, ['--port', String(port), '--data', this.folder, '--keys', join(this.folder, 'keys')], { stdio: ['ignore', 'pipe', 'inherit'] });
        return new Promise((resolve, reject) => {
            let text = '';
            this.child.stdout.on('data', (chunk) => {
                text += chunk;
                // Its own viewer-token file when it does not print it any more: it is made once.
                const open = /Open http:\/\/[^\s]*?:(\d+)\/\?token=(\S+)\n/.exec(text);
                if (open !== null) {
                    [, this.port, this.token] = open;
                    resolve();
                }
            });
            this.child.on('exit', (code) => reject(new Error(`etwass ended with ${code}: ${text}`)));
        });
    }

    get address() {
        return `http://127.0.0.1:${this.port}`;
    }

    settled() {
        return this.chain;
    }

    stopped() {
        return new Promise((resolve) => {
            this.child.on('exit', resolve);
        });
    }

    async close() {
        this.stopLoad();
        await this.chain;
        const stopped = this.stopped();
        this.child.kill('SIGTERM');
        await stopped;
        rmSync(this.folder, { recursive: true, force: true });
    }

    // Killed, and started again with the same store; what is published meanwhile comes then.
    async restart(downMs = 300, meanwhile = () => {}) {
        await this.chain;
        const stopped = this.stopped();
        this.child.kill('SIGKILL');
        await stopped;
        this.chain = new Promise((resolve) => {
            setTimeout(resolve, downMs);
        }).then(() => this.start(this.port));
        meanwhile();
        await this.chain;
    }

    // While it is down: as with a data folder that was removed, but for keys and token.
    forget() {
        for (const name of readdirSync(this.folder).filter((entry) => entry.startsWith('etwas.db'))) {
            rmSync(join(this.folder, name));
        }
    }

    publish(events, computer = 'web1', { own = 0 } = {}) {
        const lines = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
        this.chain = this.chain.then(() => this.post(this.senders.get(computer), lines, own));
    }

    post(sender, lines, own) {
        const { body, headers } = sender.batch(lines, own, `127.0.0.1:${this.port}`);
        return new Promise((resolve, reject) => {
            const sent = request({ host: '127.0.0.1', port: this.port, method: 'POST', path: '/v1/batches', headers }, (response) => {
                let text = '';
                response.on('data', (chunk) => {
                    text += chunk;
                });
                response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode} ${text}`))));
            });
            sent.on('error', reject);
            sent.end(body);
        });
    }

    // At the spool: numbers that never come, which the relay notices. Elsewhere the monitor says so.
    lose(count, where = 'spool', computer = 'web1') {
        const now = Date.now();
        if (where === 'spool') {
            this.chain = this.chain.then(() => {
                const sender = this.senders.get(computer);
                sender.sequence++;
                sender.before += count;
            });
            this.publish([], computer);
            this.publish([{ ...makeEvent(1, now), Provider: 'Test', EventName: 'BehindTheGap' }], computer);
            return;
        }
        this.publish([{ TimeCreated: new Date(now).toISOString(), Provider: 'Etwas', EventId: 0, EventName: 'Lost', ProcessId: 0, ThreadId: 0, Cpu: 0,
            EventData: { Where: where, Cpu: 0, Count: count, First: new Date(now - 1500).toISOString(), Last: new Date(now).toISOString() } }], computer, { own: 1 });
    }

    startLoad(perSecond, { usage = false } = {}) {
        this.stopLoad();
        let sent = 0;
        let seconds = 0;
        const began = performance.now();
        this.load = setInterval(() => {
            const passed = (performance.now() - began) / 1000;
            const wanted = Math.min(BATCH, Math.floor(passed * perSecond) - sent);
            if (wanted > 0) {
                this.publish(Array.from({ length: wanted }, (_, i) => makeEvent(this.made + i, Date.now())), computerOf(this.made));
                this.made += wanted;
                sent += wanted;
            }
            if (usage && Math.floor(passed) > seconds) {
                seconds++;
                this.publish(makeUsage(seconds, Date.now()));
            }
        }, 50);
    }

    stopLoad() {
        clearInterval(this.load);
    }
}
