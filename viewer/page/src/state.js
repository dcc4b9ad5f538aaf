// SPDX-License-Identifier: MIT
// What the address says behind "#": the filter, the time range, columns, the selected row,
// whether the view stands. Whoever opens it sees the same.
import { DEFAULT, formatColumns, parseColumns } from './columns.js';
import { parseId } from './row.js';

const TABS = ['events', 'charts', 'publishers'];

// "FROM..TO", either of which may be missing; null when it is neither.
function parseSpan(text) {
    const parts = (text ?? '').split('..');
    if (parts.length !== 2) {
        return null;
    }
    const [from, to] = parts.map((part) => {
        const ms = part === '' ? null : Date.parse(part);
        return Number.isNaN(ms) ? null : ms;
    });
    return from === null && to === null ? null : { from, to };
}

function formatSpan(span) {
    const part = (ms) => (ms === null || !Number.isFinite(ms) ? '' : new Date(ms).toISOString());
    return `${part(span.from)}..${part(span.to)}`;
}

export function readAddress(hash) {
    const query = new URLSearchParams(hash.replace(/^#/, ''));
    const row = query.get('row') ?? '';
    return {
        filter: query.get('q') ?? '',
        zoom: parseSpan(query.get('zoom')),
        range: parseSpan(query.get('range')),
        columns: parseColumns(query.get('cols') ?? DEFAULT),
        row: parseId(row) === null ? null : row,
        paused: query.has('paused'),
        tab: TABS.includes(query.get('tab')) ? query.get('tab') : 'events',
    };
}

export function formatAddress({ filter, zoom, range, columns, row, paused, tab }) {
    const query = new URLSearchParams();
    const put = (name, value) => value && query.set(name, value);
    put('q', filter);
    put('zoom', zoom && formatSpan(zoom));
    put('range', range && (range.from ?? range.to) !== null && formatSpan(range));
    const cols = formatColumns(columns);
    put('cols', cols === DEFAULT ? '' : cols);
    put('row', row);
    put('paused', paused && '1');
    put('tab', tab === 'events' ? '' : tab);
    const text = query.toString();
    return text === '' ? '' : `#${text}`;
}
