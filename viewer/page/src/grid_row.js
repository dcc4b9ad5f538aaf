// SPDX-License-Identifier: MIT
// One row of the table. Elements are used again and again; what comes from events is only ever
// put into text nodes.
import { count, momentText, visible } from './text.js';

const CHARACTER = 6.5; // px, at least, of the data's
const MOST_TEXT = 600;
let made = 0;

export function makeRow(columns) {
    const element = document.createElement('div');
    element.className = 'row';
    element.id = `row-${made++}`;
    element.setAttribute('role', 'row');
    const cells = columns.map((column, i) => {
        const cell = document.createElement('span');
        cell.setAttribute('role', 'gridcell');
        cell.setAttribute('aria-colindex', String(i + 1));
        cell.className = ['cell', column.mono && 'mono', column.right && 'right', `is-${column.key.replace(/\W.*$/, '')}`]
            .filter(Boolean).join(' ');
        element.append(cell);
        return cell;
    });
    const gap = document.createElement('span');
    gap.className = 'gap-text';
    gap.setAttribute('role', 'gridcell');
    return { element, cells, gap, seq: null, row: undefined, position: -1, selected: false, kind: '' };
}

function setText(node, text) {
    if (node.textContent !== text) {
        node.textContent = text;
    }
}

function dataPart(cell, index) {
    const known = cell.childNodes[index];
    if (known !== undefined) {
        return known;
    }
    const part = document.createElement('span');
    cell.append(part);
    return part;
}

// "name value  name value": names and values in elements of their own, as many as fit into `width`;
// one text of the same characters if `plain`, as it is drawn in a fraction of the time.
function fillData(cell, row, width, plain) {
    let parts = 0;
    let room = Math.min(MOST_TEXT, Math.ceil(width / CHARACTER));
    let line = '';
    const put = (text, className) => {
        const shown = visible(text, Math.max(1, Math.min(240, room)));
        room -= shown.length + 1;
        if (plain) {
            line += shown + (className === 'name' ? '=' : '  ');
            return;
        }
        const part = dataPart(cell, parts++);
        part.className = className;
        setText(part, shown);
    };
    const message = row.get('Message');
    if (message !== '') {
        put(message, 'message');
    }
    const fields = message === '' && row.data.length === 1 && row.data[0][0] === 'Line'
        ? [[null, row.data[0][1]]] : row.data;
    for (let i = 0; i < fields.length && room > 0; i++) {
        if (fields[i][0] !== null) {
            room--;
            put(fields[i][0], 'name');
        }
        put(fields[i][1], 'value');
    }
    if (plain) {
        const part = dataPart(cell, parts++);
        part.className = 'plain';
        setText(part, line);
    }
    while (cell.childNodes.length > parts) {
        cell.lastChild.remove();
    }
}

function levelClass(text) {
    const level = text.toLowerCase();
    if (level.startsWith('crit') || level === '1' || level.startsWith('err') || level === '2') {
        return 'bad';
    }
    return level.startsWith('warn') || level === '3' ? 'warn' : '';
}

export function gapText(row) {
    const field = (name) => visible(row.field(name), 60);
    const number = Number(row.field('Count'));
    const known = row.field('Count') !== '' && row.field('Count') !== 'null' && Number.isSafeInteger(number);
    const events = known ? `${count(number)} event${number === 1 ? '' : 's'}` : 'Some events';
    if (row.gap === 'Missed') {
        const reason = field('Reason');
        return reason || `${events} not shown: this page was too slow. The store has them (Enter).`;
    }
    const computer = visible(row.get('Computer'), 64);
    if (row.gap === 'Unseen') {
        return `${events} of ${computer} never came here: sent before this relay was there, or to a store that it lost`;
    }
    if (row.gap === 'Damaged') {
        return `${events} of ${computer} can no longer be read from the store: etwass --verify tells more`;
    }
    const times = ['First', 'Last'].map((name) => Date.parse(row.field(name)));
    const span = times.every(Number.isFinite)
        ? ` between ${momentText(times[0]).slice(11)} and ${momentText(times[1]).slice(11)}` : '';
    const cpu = row.field('Cpu') === '' ? '' : ` (CPU ${field('Cpu')})`;
    return `${events} lost at the ${field('Where') || 'source'}${computer && ` of ${computer}`}${cpu}${span}`;
}

function setKind(slot, kind) {
    if (slot.kind === kind) {
        return;
    }
    const wasGap = slot.kind.startsWith('gap');
    slot.kind = kind;
    slot.element.className = `row ${kind}${slot.selected ? ' selected' : ''}`;
    if (kind.startsWith('gap') !== wasGap) {
        slot.element.replaceChildren(...(wasGap ? slot.cells : [slot.gap]));
    }
}

// Cells lie where their columns do: absolute, as that is laid out fastest.
export function placeCells(slot, columns, lefts) {
    slot.cells.forEach((cell, i) => {
        cell.style.left = `${lefts[i]}px`;
        cell.style.width = `${lefts[i + 1] - lefts[i]}px`;
    });
    slot.dataWidth = columns.reduce((width, column, i) => (column.of === null ? lefts[i + 1] - lefts[i] : width), 0);
}

export function fillRow(slot, row, columns, plain) {
    slot.element.hidden = row === null;
    if (row === null) {
        return;
    }
    if (row.gap !== null) {
        setKind(slot, row.gap === 'Lost' || row.gap === 'Damaged' ? 'gap lost' : 'gap missed');
        setText(slot.gap, gapText(row));
        return;
    }
    setKind(slot, levelClass(row.get('Level') || row.get('LevelValue')));
    for (let i = 0; i < columns.length; i++) {
        if (columns[i].of === null) {
            fillData(slot.cells[i], row, slot.dataWidth, plain);
        } else {
            setText(slot.cells[i], visible(columns[i].of(row), 300));
        }
    }
}
