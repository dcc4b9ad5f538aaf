// SPDX-License-Identifier: MIT
// Bundles the page and writes it as files and as one C file for the relay:
//   node build.mjs SOURCE MODULES OUT
// SOURCE: this folder; MODULES: the node_modules that `npm ci` made; OUT: where to write.
// The same sources give the same bytes, wherever they lie.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [source, modules, out] = process.argv.slice(2).map((path) => resolve(path));
const need = createRequire(join(modules, 'modules.cjs'));
const { build } = need('esbuild');
const zopfli = need('@gfx/zopfli');

// The blanks that indent templates are none of the page's.
const templates = {
    name: 'templates',
    setup(bundler) {
        bundler.onLoad({ filter: /src\/ui_\w+\.js$/ }, ({ path }) => ({
            contents: readFileSync(path, 'utf8').replace(/^\/\/.*$/gm, '').replace(/\n\s+/g, '\n'),
        }));
    },
};

// uPlot's ways to draw and to join that no chart of ours uses; without a name esbuild drops them.
const UNUSED = ['(paths.stepped = stepped);', '(paths.spline  = monotoneCubic);', 'uPlot.join = join;'];
const smallPlots = {
    name: 'small plots',
    setup(bundler) {
        bundler.onLoad({ filter: /uPlot\.esm\.js$/ }, ({ path }) => {
            let contents = readFileSync(path, 'utf8');
            for (const text of UNUSED) {
                if (!contents.includes(text)) {
                    throw new Error(`uPlot has no "${text}" any more`);
                }
                contents = contents.replace(text, '');
            }
            return { contents };
        });
    },
};

async function bundle(entry) {
    const result = await build({
        absWorkingDir: source,
        entryPoints: [entry],
        bundle: true,
        minify: true,
        format: 'esm',
        target: ['chrome109', 'firefox115', 'safari16.4'],
        legalComments: 'none', // the texts are in licences/, installed beside the relay
        charset: 'utf8',
        nodePaths: [modules],
        plugins: [templates, smallPlots],
        write: false,
        logLevel: 'warning',
    });
    return Buffer.from(result.outputFiles[0].contents);
}

const files = [
    ['/', 'index.html', 'text/html; charset=utf-8', readFileSync(join(source, 'src/index.html'))],
    ['/icon.svg', 'icon.svg', 'image/svg+xml', readFileSync(join(source, 'src/icon.svg'))],
    ['/page.css', 'page.css', 'text/css; charset=utf-8', await bundle('src/page.css')],
    ['/page.js', 'page.js', 'text/javascript; charset=utf-8', await bundle('src/main.js')],
];

// Bytes as a C array; strings would be shorter, but compilers limit their length.
function array(name, bytes) {
    const lines = [];
    for (let at = 0; at < bytes.length; at += 24) {
        lines.push('    ' + [...bytes.subarray(at, at + 24)].join(','));
    }
    return `static const unsigned char ${name}[] = {\n${lines.join(',\n')}};\n`;
}

const arrays = [];
const rows = [];
const sizes = [];
mkdirSync(out, { recursive: true });
for (const [index, [path, name, type, bytes]] of files.entries()) {
    // Smaller than zlib's, and the same with every zlib and processor.
    const zipped = await zopfli.gzipAsync(bytes, { numiterations: 15 });
    const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    const smaller = zipped.length < bytes.length;
    arrays.push(array(`data_${index}`, bytes));
    if (smaller) {
        arrays.push(array(`gzip_${index}`, zipped));
    }
    const gzip = smaller ? `gzip_${index}, sizeof gzip_${index}` : 'NULL, 0';
    rows.push(`    {"${path}", "${type}", data_${index}, sizeof data_${index},\n     ${gzip}, "\\"${etag}\\""},`);
    sizes.push([path, bytes.length, Math.min(zipped.length, bytes.length)]);
    writeFileSync(join(out, name), bytes);
}
writeFileSync(join(out, 'page.c'), `/* SPDX-License-Identifier: MIT */
/* Made by viewer/page/build.mjs. */
#include "relay/page.h"

${arrays.join('\n')}
const struct page_file page_files[] = {
${rows.join('\n')}
    {.path = NULL},
};
`);
const total = sizes.reduce((sum, row) => sum + row[2], 0);
writeFileSync(join(out, 'sizes.json'), JSON.stringify({ files: sizes, gzip: total }) + '\n');
console.log(`page: ${total} bytes compressed`);
