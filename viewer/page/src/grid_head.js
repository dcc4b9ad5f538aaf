// SPDX-License-Identifier: MIT
// The head of the table: columns are resized at their right edge (or with Shift and the arrow
// keys) and put elsewhere by dragging their title (or with Alt and the arrow keys).
import { moved, resized } from './columns.js';

const KEY_STEP = 16;

export class GridHead {
    constructor(on) {
        this.on = on;
        this.columns = [];
        this.element = document.createElement('div');
        this.element.className = 'grid-head';
        this.element.setAttribute('role', 'row');
        this.element.setAttribute('aria-rowindex', '1');
    }

    setColumns(columns) {
        const focused = this.columns.findIndex((_, i) => this.element.children[i] === document.activeElement);
        const key = this.columns[focused]?.key;
        this.columns = columns;
        this.element.replaceChildren(...columns.map((column, i) => this.cell(column, i)));
        const again = columns.findIndex((column) => column.key === key);
        if (again >= 0) {
            this.element.children[again].focus();
        }
    }

    // lefts: where each column begins, and where the last one ends
    place(lefts) {
        [...this.element.children].forEach((cell, i) => {
            cell.style.left = `${lefts[i]}px`;
            cell.style.width = `${lefts[i + 1] - lefts[i]}px`;
        });
    }

    cell(column, index) {
        const cell = document.createElement('span');
        cell.className = column.right ? 'head-cell right' : 'head-cell';
        cell.setAttribute('role', 'columnheader');
        cell.setAttribute('aria-colindex', String(index + 1));
        cell.tabIndex = 0;
        cell.dataset.key = column.key;
        cell.title = 'Drag to move; Alt or Shift with ← → moves or resizes';
        const title = document.createElement('span');
        title.className = 'head-title';
        title.textContent = column.title;
        const edge = document.createElement('span');
        edge.className = 'head-edge';
        edge.addEventListener('pointerdown', (event) => this.resize(event, cell, column.key));
        edge.addEventListener('dblclick', () => this.on.columns(resized(this.columns, column.key, 120)));
        cell.append(title, edge);
        cell.addEventListener('pointerdown', (event) => this.drag(event, cell, column.key));
        cell.addEventListener('keydown', (event) => this.key(event, column.key));
        return cell;
    }

    key(event, key) {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step === undefined || event.altKey === event.shiftKey) {
            return;
        }
        event.preventDefault();
        const index = this.columns.findIndex((column) => column.key === key);
        if (event.shiftKey) {
            this.on.columns(resized(this.columns, key, this.columns[index].width + step * KEY_STEP));
        } else {
            this.on.columns(moved(this.columns, key, this.columns[index + step]?.key));
        }
    }

    // Follows the pointer until it is let go.
    track(event, element, onMove, onEnd) {
        event.preventDefault();
        event.stopPropagation();
        element.setPointerCapture(event.pointerId);
        const end = (last) => {
            element.removeEventListener('pointermove', onMove);
            element.removeEventListener('pointerup', end);
            element.removeEventListener('pointercancel', end);
            onEnd(last);
        };
        element.addEventListener('pointermove', onMove);
        element.addEventListener('pointerup', end);
        element.addEventListener('pointercancel', end);
    }

    resize(event, cell, key) {
        const from = event.clientX;
        const width = cell.getBoundingClientRect().width;
        let wanted = width;
        this.track(event, event.target, (move) => {
            wanted = width + move.clientX - from;
            this.on.resizing(resized(this.columns, key, wanted));
        }, () => this.on.columns(resized(this.columns, key, wanted)));
    }

    drag(event, cell, key) {
        if (event.button !== 0) {
            return;
        }
        const from = event.clientX;
        let target = null;
        cell.focus();
        this.track(event, cell, (move) => {
            if (Math.abs(move.clientX - from) < 6 && target === null) {
                return;
            }
            cell.classList.add('dragged');
            const over = [...this.element.children].find((other) => {
                const box = other.getBoundingClientRect();
                return move.clientX >= box.left && move.clientX < box.right;
            });
            target = over?.dataset.key ?? null;
            for (const other of this.element.children) {
                other.classList.toggle('drop', other === over && other !== cell);
            }
        }, () => {
            cell.classList.remove('dragged');
            for (const other of this.element.children) {
                other.classList.remove('drop');
            }
            if (target !== null && target !== key) {
                this.on.columns(moved(this.columns, key, target));
            }
        });
    }
}
