// SPDX-License-Identifier: MIT
// Two implementations of RFC 9421 by others against ours, both ways.
//   node interop.mjs NPM_FOLDER PEER
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';

const [folder, peer] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { httpbis, createSigner, createVerifier } = require('http-message-signatures');
const { createSignature, verifySignature } = require('http-message-sig');

const body = 'bytes as they are sent, (\u00b5/ 42)\n';
const authority = 'relay.example:8080';
const path = '/v1/batches';
const covered = ['@method', '@authority', '@path', 'content-type', 'content-encoding',
                 'content-digest', 'etwas-batch'];
const parameters = ['created', 'expires', 'nonce', 'alg', 'keyid', 'tag'];
const now = Math.floor(Date.now() / 1000);

let claims = 0;
async function claim(what, check) {
    await check();
    claims++;
    console.log(`ok: ${what}`);
}

function digestOf(text) {
    return `sha-512=:${crypto.createHash('sha512').update(text).digest('base64')}:`;
}

function publicKeyOf(line) {
    const x = Buffer.from(line.split(' ')[1], 'base64').toString('base64url');
    return crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

const url = (request) => `http://${request.authority}${request.path}`;

// Each says true or false of a request.
const judges = {
    async 'http-message-signatures'(request) {
        const verify = createVerifier(publicKeyOf(request.key), 'ed25519');
        try {
            return await httpbis.verifyMessage({
                keyLookup: async ({ keyid }) =>
                    keyid === request.id ? { id: keyid, algs: ['ed25519'], verify } : null,
                requiredFields: covered,
                requiredParams: parameters,
                maxAge: 300,
                tolerance: 30,
            }, { method: request.method, url: url(request), headers: request.headers }) === true;
        } catch {
            return false;
        }
    },
    async 'http-message-sig'(request) {
        const key = publicKeyOf(request.key);
        try {
            await verifySignature({
                kind: 'request',
                method: request.method,
                targetUri: url(request),
                fields: Object.entries(request.headers).map(([name, value]) => ({ name, value })),
            }, {
                label: 'sig1',
                policy: {
                    algorithms: ['ed25519'],
                    requiredComponents: covered,
                    requiredParameters: parameters,
                    maxAge: 300,
                    clockSkew: 30,
                },
                resolveVerifier: () => ({
                    algorithm: 'ed25519',
                    verify: (data, signature) => crypto.verify(null, data, key, signature),
                }),
            });
            return true;
        } catch {
            return false;
        }
    },
};

function ours(request, at = now) {
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
        [name.toLowerCase(), value]);
    return execFileSync(peer, ['check', String(at), request.key, request.method,
        request.authority, request.path, ...headers], { encoding: 'utf8' }).trim();
}

const withHeader = (request, name, value) =>
    ({ ...request, headers: { ...request.headers, [name]: value } });

// What somebody in between may try; each must be refused.
function* alterations(request) {
    yield ['method', { ...request, method: 'PUT' }];
    yield ['authority', { ...request, authority: 'other.example:8080' }];
    yield ['path', { ...request, path: '/v1/events' }];
    yield ['content-type', withHeader(request, 'content-type', 'text/plain')];
    yield ['content-encoding', withHeader(request, 'content-encoding', 'gzip')];
    yield ['content-digest', withHeader(request, 'content-digest', digestOf('other bytes'))];
    yield ['etwas-batch', withHeader(request, 'etwas-batch',
        request.headers['etwas-batch'].replace('seq=42', 'seq=43'))];
    const [name] = Object.keys(request.headers).filter((key) => /^signature-input$/i.test(key));
    const input = request.headers[name];
    yield ['expires', withHeader(request, name,
        input.replace(/expires=(\d+)/, (_, time) => `expires=${Number(time) + 1}`))];
    yield ['nonce', withHeader(request, name,
        input.replace(/nonce="(.)/, (_, first) => `nonce="${first === '-' ? '_' : '-'}`))];
    yield ['order of components', withHeader(request, name,
        input.replace('"@method" "@authority"', '"@authority" "@method"'))];
    yield ['order of parameters', withHeader(request, name,
        input.replace(/;alg="ed25519"/, '') + ';alg="ed25519"')];
    const other = sign('key');
    yield ['key', { ...request, key: other.key }];
}

function sign(why) {
    const text = execFileSync(peer, ['sign', String(now), authority, path, body],
        { encoding: 'utf8' });
    const request = JSON.parse(text);
    assert.equal(request.headers['content-digest'], digestOf(body), why);
    return request;
}

// A request of theirs, with a key of theirs.
function unsigned() {
    const { publicKey, privateKey } = crypto.generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url');
    const id = crypto.createHash('sha256').update(raw).digest('base64').replace(/=+$/, '');
    return {
        privateKey,
        id: `SHA256:${id}`,
        key: `etwas-ed25519 ${raw.toString('base64')} theirs`,
        method: 'POST',
        authority,
        path,
        headers: {
            'content-type': 'application/x-ndjson',
            'content-encoding': 'zstd',
            'content-digest': digestOf(body),
            'etwas-batch': `stream="${crypto.randomBytes(16).toString('hex')}", seq=42, n=1`,
        },
    };
}

const nonce = () => crypto.randomBytes(16).toString('base64url');

const signers = {
    async 'http-message-signatures'(fields) {
        const request = unsigned();
        const message = await httpbis.signMessage({
            key: createSigner(request.privateKey, 'ed25519', request.id),
            name: 'sig1',
            fields,
            params: parameters,
            paramValues: {
                created: new Date(now * 1000),
                expires: new Date((now + 60) * 1000),
                nonce: nonce(),
                tag: 'etwas-batch-v1',
            },
        }, { method: request.method, url: url(request), headers: request.headers });
        return { ...request, headers: message.headers };
    },
    async 'http-message-sig'(fields) {
        const request = unsigned();
        const signature = await createSignature({
            kind: 'request',
            method: request.method,
            targetUri: url(request),
            fields: Object.entries(request.headers).map(([name, value]) => ({ name, value })),
        }, {
            label: 'sig1',
            components: fields,
            parameters: {
                tag: 'etwas-batch-v1',
                nonce: nonce(),
                keyid: request.id,
                alg: 'ed25519',
                expires: now + 60,
                created: now,
            },
            signer: {
                algorithm: 'ed25519',
                sign: (data) => crypto.sign(null, data, request.privateKey),
            },
        });
        const headers = {
            ...request.headers,
            'signature-input': signature.signatureInput,
            signature: signature.signature,
        };
        return { ...request, headers };
    },
};

for (const [name, judge] of Object.entries(judges)) {
    const request = sign(name);
    await claim(`${name} verifies ours`, async () => assert.equal(await judge(request), true));
    for (const [what, altered] of alterations(request)) {
        await claim(`${name} refuses ours with another ${what}`, async () =>
            assert.equal(await judge(altered), false));
    }
}

const byTarget = ['@target-uri', ...covered.filter((name) => !/^@(authority|path)$/.test(name))];
for (const [name, signer] of Object.entries(signers)) {
    const request = await signer(covered);
    await claim(`ours verifies that of ${name}`, () => assert.equal(ours(request), 'good'));
    for (const [what, altered] of alterations(request)) {
        await claim(`ours refuses that of ${name} with another ${what}`, () =>
            assert.equal(ours(altered), 'forged'));
    }
    await claim(`ours refuses that of ${name} when it is old`, () => {
        assert.equal(ours(request, now + 31), 'clock');
        assert.equal(ours(request, now - 31), 'clock');
    });
    const whole = await signer(byTarget);
    await claim(`ours verifies that of ${name} over @target-uri`, () => {
        assert.equal(ours(whole), 'good');
        assert.equal(ours({ ...whole, path: '/v1/events' }), 'forged');
    });
    const reversed = await signer([...covered].reverse());
    await claim(`ours verifies that of ${name} in another order`, () =>
        assert.equal(ours(reversed), 'good'));
    const less = await signer(covered.filter((field) => field !== 'content-digest'));
    await claim(`ours refuses that of ${name} without the digest`, () =>
        assert.equal(ours(less), 'incomplete'));
}
console.log(`${claims} claims hold`);
