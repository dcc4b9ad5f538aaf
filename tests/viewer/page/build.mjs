// SPDX-License-Identifier: MIT
// What the build makes of the page: small, the same again, and nothing from elsewhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const { ETWAS_PAGE_BUILT: built, ETWAS_PAGE_MODULES: modules, ETWAS_SCRATCH: scratch } = process.env;
const source = join(dirname(fileURLToPath(import.meta.url)), '../../../viewer/page');

test('the page is at most 60,000 bytes compressed', () => {
    const { gzip } = JSON.parse(readFileSync(join(built, 'sizes.json'), 'utf8'));
    console.log(`# ${gzip} bytes`);
    assert.ok(gzip <= 60_000, `${gzip} bytes`);
});

test('the same sources give the same bytes, wherever they lie', () => {
    const folder = join(scratch, 'somewhere else');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    cpSync(join(source, 'src'), join(folder, 'src'), { recursive: true });
    execFileSync(process.execPath, [join(source, 'build.mjs'), folder, modules, join(folder, 'out')]);
    for (const name of readdirSync(built)) {
        assert.ok(readFileSync(join(built, name)).equals(readFileSync(join(folder, 'out', name))), name);
    }
});

test('nothing is fetched from elsewhere, and no script or style is in the markup', () => {
    const page = readFileSync(join(built, 'index.html'), 'utf8');
    assert.doesNotMatch(page, /<style|style=|<script(?![^>]*src="\/)|\son\w+=|https?:/i);
    for (const name of ['page.js', 'page.css']) {
        const addresses = readFileSync(join(built, name), 'utf8').match(/https?:\/\/[\w.-]+/g) ?? [];
        // Names of XML, which nobody fetches.
        assert.deepEqual(addresses.filter((address) => address !== 'http://www.w3.org'), []);
    }
    assert.doesNotMatch(readFileSync(join(built, 'page.js'), 'utf8'), /\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML/);
});

test('the lock files name no host', () => {
    for (const file of [join(source, 'package-lock.json'), join(source, '../../tests/viewer/page/package-lock.json')]) {
        const lock = JSON.parse(readFileSync(file, 'utf8'));
        for (const [name, entry] of Object.entries(lock.packages)) {
            assert.equal(entry.resolved, undefined, name);
            assert.ok(name === '' || entry.integrity.startsWith('sha512-'), name);
        }
    }
});

test('the licence of everything in it is kept', () => {
    const { packages } = JSON.parse(readFileSync(join(source, 'package-lock.json'), 'utf8'));
    for (const [path, entry] of Object.entries(packages)) {
        if (path !== '' && entry.dev !== true) {
            const name = path.slice('node_modules/'.length);
            const kept = readFileSync(join(source, 'licences', `${name}.txt`), 'utf8');
            assert.equal(kept, readFileSync(join(modules, name, 'LICENSE'), 'utf8'), name);
        }
    }
});
