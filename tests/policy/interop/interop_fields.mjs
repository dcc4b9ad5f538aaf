// SPDX-License-Identifier: MIT
// Our reader of structured fields against one by others: dictionaries with small mistakes in
// them, the same ones each time, are taken by both or by none.
//   node interop_fields.mjs NPM_FOLDER PEER
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const [folder, peer] = process.argv.slice(2);
const { parseDictionary } = createRequire(`${folder}/package.json`)('structured-headers');

const COUNT = 50000;
const seeds = [
    'stream="0123", seq=42, n=1',
    'sig1=("@method" "x";sf tok;bs=?0);created=1795190959;nonce="a\\"b\\\\";k=:AAECAw==:',
    'a=1, b=-1.5;x;y=?0, q, c=*t/k:x',
    'a=?1,b;c=?0,d=( 12  0.125 )',
    'a=:AAAA:, b=tok;x="y",c=(),d;e=1',
];
// Without "@" and "%": a later RFC gave them a meaning. What differs on purpose is left out below:
// a padding of base64 that is missing, which the other reader forgives.
const characters = ' \t,;=()"\\:?*-._0123456789abzAZ/+~!#';

let state = 12345;
function below(limit) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
}

function alter(text) {
    const at = below(text.length + 1);
    const other = below(text.length + 1);
    switch (below(4)) {
    case 0: return text.slice(0, at) + characters[below(characters.length)] + text.slice(at);
    case 1: return text.slice(0, at) + text.slice(at + 1 + below(3));
    case 2: return text.slice(0, at) + characters[below(characters.length)] + text.slice(at + 1);
    default:
        return text.slice(0, at) + text.slice(Math.min(at, other), Math.max(at, other)) +
            text.slice(at);
    }
}

function theirs(text) {
    try {
        parseDictionary(text);
        return 'taken';
    } catch {
        return 'refused';
    }
}

const texts = seeds.slice();
while (texts.length < COUNT) {
    let text = seeds[below(seeds.length)];
    for (let turns = 1 + below(4); turns > 0; turns--) {
        text = alter(text);
    }
    const padded = [...text.matchAll(/:([A-Za-z0-9+/=]*)(?=:)/g)].every(([, base64]) =>
        base64.length % 4 === 0 && /^[^=]*={0,2}$/.test(base64));
    if (padded && !/(^|[=( ])@/.test(text)) {
        texts.push(text);
    }
}
const ours = execFileSync(peer, ['fields'],
    { input: `${texts.join('\n')}\n`, encoding: 'utf8', maxBuffer: 1 << 24 }).trim().split('\n');
assert.equal(ours.length, texts.length);
let taken = 0;
texts.forEach((text, index) => {
    assert.equal(ours[index], theirs(text), text);
    taken += ours[index] === 'taken' ? 1 : 0;
});
assert.ok(taken > COUNT / 10 && taken < COUNT);
console.log(`${texts.length} texts, ${taken} of them dictionaries for both`);
