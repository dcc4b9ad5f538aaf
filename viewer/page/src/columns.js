// SPDX-License-Identifier: MIT
// The columns of the table: which there are, which are shown, how wide. "provider:140,data" is
// how they are written into the address; "data.NAME" is a field of EventData.
import { clockText, dateText, visible } from './text.js';

const today = () => dateText(Date.now());

function timeOf(row) {
    const raw = row.get('TimeCreated');
    const clock = /T(\d\d:\d\d:\d\d(?:\.\d{1,6})?)/.exec(raw)?.[1] ?? clockText(row.time, 3);
    const date = dateText(row.time);
    return date === today() ? clock : `${date.slice(5)} ${clock}`;
}

function processOf(row) {
    return row.get('ProcessName') || (row.get('ProcessId') === '0' ? '' : row.get('ProcessId'));
}

const member = (name) => (row) => row.get(name);

const KNOWN = [
    { key: 'time', title: 'Time (UTC)', width: 136, of: timeOf, mono: true },
    { key: 'computer', title: 'Computer', width: 84, of: member('Computer') },
    { key: 'provider', title: 'Provider', width: 98, of: member('Provider') },
    { key: 'level', title: 'Level', width: 84, of: (row) => row.get('Level') || row.get('LevelValue') },
    { key: 'event', title: 'Event', width: 158, of: member('EventName') },
    { key: 'process', title: 'Process', width: 106, of: processOf },
    { key: 'pid', title: 'PID', width: 66, of: member('ProcessId'), mono: true, right: true },
    { key: 'tid', title: 'TID', width: 66, of: member('ThreadId'), mono: true, right: true },
    { key: 'cpu', title: 'CPU', width: 48, of: member('Cpu'), mono: true, right: true },
    { key: 'eventid', title: 'Event id', width: 72, of: member('EventId'), mono: true, right: true },
    { key: 'message', title: 'Message', width: 260, of: member('Message') },
    { key: 'id', title: 'Id', width: 92, of: member('Id'), mono: true, right: true },
    { key: 'data', title: 'Data', width: 140, of: null },
];
const byKey = new Map(KNOWN.map((column) => [column.key, column]));

export const DEFAULT = 'time,computer,provider,event,process,data';
const NARROWEST = 36;
const WIDEST = 2000;
const MOST = 24;

function fieldColumn(key) {
    const name = key.slice('data.'.length);
    return { key, title: visible(name, 60), width: 120, of: (row) => row.field(name), mono: true };
}

export function columnNamed(key) {
    return byKey.get(key) ?? (key.startsWith('data.') && key.length > 5 ? fieldColumn(key) : null);
}

export const allColumns = KNOWN;

function clamp(width) {
    return Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
}

export function parseColumns(text) {
    const columns = [];
    for (const part of text.split(',').slice(0, MOST)) {
        const [, name, width] = /^(.*?)(?::(\d+))?$/.exec(part);
        let key = name;
        try {
            key = decodeURIComponent(name);
        } catch {
            continue;
        }
        const column = columnNamed(key);
        if (column !== null && !columns.some((other) => other.key === key)) {
            columns.push({ ...column, width: width === undefined ? column.width : clamp(Number(width)) });
        }
    }
    return columns.length > 0 ? columns : parseColumns(DEFAULT);
}

export function formatColumns(columns) {
    return columns.map(({ key, width }) => {
        const name = encodeURIComponent(key);
        return width === columnNamed(key).width ? name : `${name}:${width}`;
    }).join(',');
}

export function resized(columns, key, width) {
    return columns.map((column) => (column.key === key ? { ...column, width: clamp(width) } : column));
}

// With the column `key` moved to where `target` is.
export function moved(columns, key, target) {
    const from = columns.findIndex((column) => column.key === key);
    const to = columns.findIndex((column) => column.key === target);
    if (from < 0 || to < 0 || from === to) {
        return columns;
    }
    const others = columns.filter((column) => column.key !== key);
    others.splice(to, 0, columns[from]);
    return others;
}

export function toggled(columns, key) {
    if (columns.some((column) => column.key === key)) {
        return columns.length > 1 ? columns.filter((column) => column.key !== key) : columns;
    }
    const column = columnNamed(key);
    if (column === null || columns.length >= MOST) {
        return columns;
    }
    const last = columns[columns.length - 1];
    return last.key === 'data' ? [...columns.slice(0, -1), column, last] : [...columns, column];
}
