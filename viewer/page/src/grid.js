// SPDX-License-Identifier: MIT
// The table: draws the rows that are to be seen, and no others. Where it stands is a position in
// the view (`top`, in rows, with a fraction), not a scroll offset: browsers do not make elements
// that are high enough for a million rows, and what is read must not move when rows come or go.
import { GridHead } from './grid_head.js';
import { fillRow, makeRow, placeCells } from './grid_row.js';

export const ROW = 22;
const BAR_LIMIT = 8_000_000; // px; engines end somewhere above
const OVERSCAN = 2;
const BAR_MS = 100;     // setting the bar makes the browser lay out the page
const PLAIN_MS = 150;
const FOLLOW_MS = 66;   // nobody reads more than that
const BAR_PRESSED_MS = 500;
const CATCH_UP_MS = 5;

function element(name, className, role) {
    const made = document.createElement(name);
    made.className = className;
    if (role !== undefined) {
        made.setAttribute('role', role);
    }
    return made;
}

export class Grid {
    // on: select(seq), open(), follow(boolean), edge('top'|'bottom'), moved(), and those of GridHead.
    constructor(host, view, on) {
        this.view = view;
        this.on = on;
        this.top = 0;
        this.follow = true;
        this.anchor = null;     // seq of a row that stays where it is, when not following:
        this.offset = 0;        // `top` less its position
        this.selected = null;
        this.pool = [];
        this.height = 0;
        this.base = 0;
        this.columns = [];
        this.lefts = [0];
        this.mayFollow = true;
        this.barPressed = -Infinity;
        this.first = 0;
        this.jumped = -Infinity;
        this.plain = false;
        this.build(host);
        this.listen();
    }

    build(host) {
        this.host = host;
        this.root = element('div', 'grid', 'grid');
        this.root.tabIndex = 0;
        this.root.setAttribute('aria-label', 'Events');
        this.root.setAttribute('aria-multiselectable', 'false');
        this.wide = element('div', 'grid-wide', 'presentation');
        this.head = new GridHead(this.on);
        this.body = element('div', 'grid-body', 'rowgroup');
        this.layer = element('div', 'grid-layer', 'presentation');
        this.bar = element('div', 'grid-bar');
        this.bar.setAttribute('aria-hidden', 'true');
        this.bar.tabIndex = -1;
        this.spacer = element('div', 'grid-spacer');
        this.bar.append(this.spacer);
        this.body.append(this.layer);
        this.wide.append(this.head.element, this.body);
        this.root.append(this.wide, this.bar);
        host.append(this.root);
    }

    listen() {
        this.root.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
        this.listenToBar();
        this.root.addEventListener('keydown', (event) => this.key(event));
        this.body.addEventListener('pointerdown', (event) => this.pressed(event));
        this.body.addEventListener('click', (event) => this.clicked(event));
        new ResizeObserver(() => this.measure()).observe(this.body);
        this.listenToTouch();
    }

    // A scroll event does not say whether somebody scrolled, or the bar became higher and ends
    // earlier, as when a banner goes: only who has the bar in hand moves the rows. It gives the
    // keyboard back, whose keys are the table's.
    listenToBar() {
        const free = (event) => {
            if (event.type === 'pointerup' || event.buttons === 0) {
                removeEventListener('pointermove', free, true);
                removeEventListener('pointerup', free, true);
                this.barPressed = performance.now();
            }
        };
        this.bar.addEventListener('pointerdown', () => {
            this.barPressed = Infinity;
            addEventListener('pointermove', free, true);
            addEventListener('pointerup', free, true);
        });
        this.bar.addEventListener('focus', () => this.root.focus({ preventScroll: true }));
        this.bar.addEventListener('scroll', () => this.barScrolled());
    }

    // A finger moves the rows, as there is nothing that the browser could scroll.
    listenToTouch() {
        let last = null;
        this.body.addEventListener('touchstart', (event) => {
            last = event.touches[0].clientY;
        }, { passive: true });
        this.body.addEventListener('touchmove', (event) => {
            const y = event.touches[0].clientY;
            this.scrollBy((last - y) / ROW);
            last = y;
        }, { passive: true });
    }

    measure() {
        this.height = this.body.clientHeight;
        this.setWidths(this.columns);
        const count = Math.ceil(this.height / ROW) + 2 * OVERSCAN;
        while (this.pool.length < count) {
            const row = makeRow(this.columns);
            placeCells(row, this.columns, this.lefts);
            this.pool.push(row);
            this.layer.append(row.element);
        }
        while (this.pool.length > count) {
            this.pool.pop().element.remove();
        }
        this.forget();
        this.follows = false;
        this.on.moved();
    }

    get visibleRows() {
        return this.height / ROW;
    }

    get last() {
        return Math.max(0, this.view.total - this.visibleRows);
    }

    // Contents are to be drawn anew, as what is shown in them is another.
    forget() {
        for (const row of this.pool) {
            row.seq = null;
            row.position = -1;
        }
    }

    // Only widths are others than before. The last column takes what is left.
    setWidths(columns) {
        this.widths = columns.map(({ width }) => width);
        const sum = this.widths.reduce((total, width) => total + width, 0);
        const room = Math.max(0, this.wide.clientWidth - sum);
        this.lefts = [0];
        this.widths.forEach((width, i) => {
            this.lefts.push(this.lefts[i] + width + (i === columns.length - 1 ? room : 0));
        });
        this.head.place(this.lefts);
        this.wide.style.setProperty('--width', `${sum}px`);
        for (const row of this.pool) {
            placeCells(row, columns, this.lefts);
        }
    }

    setColumns(columns) {
        this.columns = columns;
        this.root.setAttribute('aria-colcount', String(columns.length));
        this.head.setColumns(columns);
        for (const row of this.pool.splice(0)) {
            row.element.remove();
        }
        this.measure();
    }

    // Other rows come: at the end of them if `follow`, at the beginning otherwise.
    reset(follow) {
        this.mayFollow = follow;
        this.top = 0;
        this.anchor = null;
        this.selected = null;
        this.follow = follow;
        this.forget();
    }

    // Before another filter: what is selected stays where it is, or else what is at the top, as
    // far as it still holds.
    beforeFilter() {
        if (!this.follow && this.selected !== null) {
            this.anchor = this.selected;
            this.offset = this.top - this.view.positionOf(this.selected);
        }
    }

    // Somebody acts before the frame that draws what has come or holds by now: it is where it
    // would have been drawn.
    catchUp() {
        this.view.work(performance.now() + CATCH_UP_MS);
        this.place();
    }

    setFollow(follow) {
        this.catchUp();
        this.turn(follow);
    }

    turn(follow) {
        if (this.follow !== follow) {
            this.follow = follow;
            this.hold();
            this.on.follow(follow);
        }
    }

    // Remembers which row is at the top.
    hold() {
        this.anchor = this.view.seqAt(Math.min(Math.floor(this.top), this.view.total - 1));
        this.offset = this.top - Math.floor(this.top);
        this.epoch = this.view.buffer.epoch;
    }

    // --- moving ---

    wheel(event) {
        if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
            return;
        }
        event.preventDefault();
        const unit = event.deltaMode === 1 ? 3 : event.deltaMode === 2 ? this.visibleRows : 1 / ROW;
        this.scrollBy(event.deltaY * unit);
    }

    scrollBy(rows) {
        this.catchUp();
        this.scrollTo(this.top + rows);
    }

    scrollTo(top) {
        this.catchUp();
        const wanted = Math.min(this.last, Math.max(0, top));
        const up = wanted < this.top;
        if (top <= 0 && (up || this.top === 0)) {
            this.on.edge('top');
        } else if (top >= this.last) {
            this.on.edge('bottom');
        }
        this.top = wanted;
        this.hold();
        if (up) {
            this.turn(false);
        } else if (wanted >= this.last && this.mayFollow) {
            this.turn(true);
        }
        this.on.moved();
    }

    barScrolled() {
        const now = performance.now();
        const range = this.bar.scrollHeight - this.bar.clientHeight;
        if (range <= 0 || Math.abs(this.bar.scrollTop - this.barTop) < 1.5) {
            return;
        }
        if (now - this.barPressed > BAR_PRESSED_MS) {
            this.barWanted = null;
            this.on.moved();
            return;
        }
        // A click beside the handle scrolls on for a while.
        this.barPressed = Math.max(this.barPressed, now);
        this.barHeld = now;
        this.barTop = this.bar.scrollTop;
        this.scrollTo(this.bar.scrollTop >= range - 1 ? this.last : (this.bar.scrollTop / range) * this.last);
    }

    select(seq, { reveal = true } = {}) {
        this.selected = seq;
        if (seq !== null) {
            this.turn(false);
            if (reveal) {
                this.reveal(seq);
            }
        }
        this.on.select(seq);
        this.on.moved();
    }

    reveal(seq) {
        const position = this.view.positionOf(seq);
        if (position < Math.ceil(this.top)) {
            this.scrollTo(position);
        } else if (position > this.top + this.visibleRows - 1) {
            this.scrollTo(position - this.visibleRows + 1);
        }
    }

    center(seq) {
        this.top = Math.min(this.last, Math.max(0, this.view.positionOf(seq) - this.visibleRows / 2));
        this.hold();
    }

    // Selects the row that is `rows` further.
    move(rows) {
        this.catchUp();
        if (this.view.total === 0) {
            return;
        }
        const from = this.selected === null ? Math.floor(rows > 0 ? this.top - 1 : this.top + this.visibleRows)
            : this.view.positionOf(this.selected);
        const to = Math.min(this.view.total - 1, Math.max(0, from + rows));
        if (to === 0 && rows < 0) {
            this.on.edge('top');
        }
        this.select(this.view.seqAt(to));
    }

    key(event) {
        if (event.target !== this.root || event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        const page = Math.max(1, Math.floor(this.visibleRows) - 1);
        const act = {
            ArrowDown: () => this.move(1),
            ArrowUp: () => this.move(-1),
            PageDown: () => this.scrollBy(page),
            PageUp: () => this.scrollBy(-page),
            Home: () => this.scrollTo(-1),
            End: () => this.scrollTo(Infinity),
        }[event.key];
        if (act !== undefined) {
            event.preventDefault();
            act();
        }
    }

    // Who begins to mark text is reading: nothing may move, not even to what came since the frame.
    pressed(event) {
        if (event.button === 0) {
            this.turn(false);
        }
    }

    clicked(event) {
        const marked = document.getSelection();
        if (marked !== null && !marked.isCollapsed) {
            return;
        }
        const slot = this.pool.find((row) => row.element.contains(event.target));
        if (slot !== undefined && slot.seq !== null) {
            this.select(slot.seq === this.selected ? null : slot.seq, { reveal: false });
            this.on.open();
        }
    }

    // --- drawing ---

    place() {
        if (this.follow) {
            this.top = this.last;
            return;
        }
        if (this.anchor !== null && this.epoch === this.view.buffer.epoch) {
            this.top = this.view.positionOf(this.anchor) + this.offset;
        }
        this.top = Math.min(this.last, Math.max(0, this.top));
    }

    // False: there is more to draw, later.
    draw(now = performance.now()) {
        if (this.height === 0 || this.columns.length === 0) {
            return true;
        }
        const same = this.follow && this.follows && this.version === this.view.version;
        if (same && now - this.drawn < FOLLOW_MS) {
            return false;
        }
        this.drawn = now;
        this.follows = this.follow;
        this.version = this.view.version;
        this.place();
        const barIsRight = this.drawBar(now);
        const first = Math.max(0, Math.floor(this.top) - OVERSCAN);
        if (Math.abs(first - this.base) > 10_000) {
            this.base = first;
            this.forget();
        }
        // Rows that fly past are drawn plainly, until those stay that are to be seen.
        if (Math.abs(first - this.first) >= this.pool.length) {
            this.plain = now - this.jumped < PLAIN_MS;
            this.jumped = now;
        } else if (now - this.jumped > PLAIN_MS) {
            this.plain = false;
        }
        this.first = first;
        for (let i = 0; i < this.pool.length; i++) {
            this.drawSlot(this.pool[(first + i) % this.pool.length], first + i);
        }
        this.layer.style.transform = `translateY(${Math.round((this.base - this.top) * ROW)}px)`;
        if (this.shownTotal !== this.view.total) {
            this.shownTotal = this.view.total;
            this.root.setAttribute('aria-rowcount', String(this.view.total + 1));
        }
        return barIsRight && !this.plain;
    }

    drawSlot(slot, position) {
        const seq = this.view.seqAt(position);
        const row = seq === null ? null : this.view.buffer.row(seq);
        if (slot.position !== position) {
            slot.position = position;
            slot.element.style.top = `${(position - this.base) * ROW}px`;
            slot.element.setAttribute('aria-rowindex', String(position + 2));
        }
        if (slot.row !== row || slot.seq === null || (slot.plain && !this.plain)) {
            slot.row = row;
            slot.seq = seq;
            slot.plain = this.plain;
            fillRow(slot, row, this.columns, this.plain);
        }
        const selected = seq !== null && seq === this.selected;
        if (slot.selected !== selected) {
            slot.selected = selected;
            slot.element.classList.toggle('selected', selected);
            slot.element.setAttribute('aria-selected', String(selected));
            if (selected) {
                this.root.setAttribute('aria-activedescendant', slot.element.id);
            }
        }
    }

    // Before the rows, as it asks for the layout that these change.
    drawBar(now) {
        if (now - (this.barDrawn ?? -BAR_MS) < BAR_MS) {
            return false;
        }
        const height = Math.min(BAR_LIMIT, Math.round(this.view.total * ROW));
        const range = Math.max(0, height - this.height);
        const wanted = this.last === 0 ? 0 : Math.round((this.top / this.last) * range);
        // Not while it is dragged: that would tear it out of the hand.
        if (now - (this.barHeld ?? -1000) < 200) {
            return false;
        }
        if (height !== this.barHeight || wanted !== this.barWanted) {
            this.barDrawn = now;
            this.barHeight = height;
            this.barWanted = wanted;
            this.spacer.style.height = `${height}px`;
            this.bar.scrollTop = wanted;
            this.barTop = this.bar.scrollTop;
        }
        return true;
    }
}
