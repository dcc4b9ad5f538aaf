// SPDX-License-Identifier: MIT
// The page: what it holds, and what is done when somebody does something.
import { render } from 'preact';
import { EventBuffer } from './buffer.js';
import { DEFAULT, moved, parseColumns, toggled } from './columns.js';
import { exportRange, exportView, save } from './export.js';
import { Feed } from './feed.js';
import { formatFilter, parseFilter, toggle } from './filter.js';
import { html } from './html.js';
import { listenToKeys } from './keys.js';
import { readSamples } from './metrics.js';
import { PublisherList } from './publishers.js';
import { formatAddress, readAddress } from './state.js';
import { clockText, dateText, momentText } from './text.js';
import { Theme } from './theme.js';
import { Page } from './ui_page.js';
import { View } from './view.js';

const WORK_MS = 10;         // of a frame, for judging rows
const UI_MS = 250;          // counts and lists change no more often, unless somebody acts
const TYPING_MS = 60;

class App {
    constructor() {
        this.buffer = new EventBuffer();
        this.view = new View(this.buffer);
        this.feed = new Feed(this.buffer, () => this.dataChanged(), () => this.newestLoaded());
        this.grid = null;
        this.dialog = null;
        this.detailOpen = false;
        this.facetsOpen = true;
        this.histogramOpen = true;
        this.openFacets = new Set();
        this.pausedAt = null;
        this.lostSeen = 0;
        this.toast = '';
        this.chosenComputers = null;
        this.lastUi = 0;
        this.selectedSeq = null;
        this.selectedId = null;
        this.uiDue = true;
        this.publishers = new PublisherList(() => this.act());
        Object.assign(this, this.readState());
        this.theme = new Theme(() => this.themeChanged());
        this.applyFilter();
        this.changed = 0;
    }

    readState() {
        const state = readAddress(location.hash);
        return { filterText: state.filter, zoom: state.zoom, columns: state.columns, tab: state.tab,
            wantedRow: state.row, wantedPause: state.paused, wantedRange: state.range };
    }

    get dark() {
        return this.theme?.dark ?? false;
    }

    get waiting() {
        return this.pausedAt === null ? 0 : Math.max(0, this.view.total - this.view.positionOf(this.pausedAt));
    }

    // --- drawing: at most once a frame ---

    dataChanged() {
        this.changed++;
        this.schedule();
    }

    // Somebody did something: everything is drawn with the next frame.
    act() {
        this.uiDue = true;
        this.schedule();
    }

    schedule() {
        if (!this.scheduled) {
            this.scheduled = true;
            requestAnimationFrame((now) => this.frame(now));
        }
    }

    frame(now) {
        this.scheduled = false;
        const deadline = performance.now() + WORK_MS;
        let more = this.view.work(deadline);
        if (this.tab === 'charts') {
            more = readSamples(this.buffer, deadline) || more;
        }
        if (this.tab === 'events' && this.grid !== null) {
            more = !this.grid.draw(now) || more;
        }
        const due = now - this.lastUi >= UI_MS;
        if (this.uiDue || (due && this.drawnChange !== this.changed) || (due && more)) {
            this.drawUi(now);
        } else if (this.drawnChange !== this.changed) {
            clearTimeout(this.later);
            this.later = setTimeout(() => this.schedule(), UI_MS);
        }
        if (more) {
            this.schedule();
            this.workWhenIdle();
        }
    }

    // What is left of the time between two frames is for judging rows, too.
    workWhenIdle() {
        if (this.view.pending && !this.idle && globalThis.requestIdleCallback !== undefined) {
            this.idle = true;
            requestIdleCallback((left) => {
                this.idle = false;
                this.view.work(performance.now() + Math.min(30, left.timeRemaining()));
                this.workWhenIdle();
            });
        }
    }

    drawUi(now) {
        this.uiDue = false;
        this.lastUi = now;
        this.drawnChange = this.changed;
        this.followSelection();
        render(html`<${Page} app=${this} />`, document.body);
        this.writeAddress();
    }

    writeAddress() {
        const hash = formatAddress({
            filter: this.filterText, zoom: this.zoom, columns: this.columns, tab: this.tab, row: this.selectedId,
            range: this.feed.mode === 'range' ? this.feed.range : null,
            paused: this.feed.mode === 'live' && this.grid !== null && !this.grid.follow,
        });
        if (hash !== location.hash && !(hash === '' && location.hash === '#')) {
            history.replaceState(null, '', hash || location.pathname);
        }
    }

    themeChanged() {
        this.histogram?.rebuild();
        this.act();
    }

    // --- the feed ---

    async start() {
        if (this.wantedRange !== null) {
            await this.openRange(this.wantedRange);
            this.selectWanted();
            return;
        }
        this.feed.startLive();
    }

    // What the address asks for: to stand, and a row that is among the newest or in the store.
    newestLoaded() {
        if (this.wantedPause) {
            this.view.work(performance.now() + 1000);
            this.grid.draw();
            this.grid.setFollow(false);
            this.wantedPause = false;
        }
        if (this.wantedRow !== null && !this.selectWanted()) {
            void this.showAround(this.wantedRow);
        }
        this.wantedRow = null;
    }

    selectWanted() {
        const seq = this.wantedRow === null ? null : this.buffer.find(this.wantedRow);
        if (seq === null) {
            return false;
        }
        this.view.work(performance.now() + 1000);
        this.grid.select(seq, { reveal: false });
        this.grid.center(seq);
        this.detailOpen = true;
        this.act();
        return true;
    }

    async showAround(id) {
        this.leave(false);
        await this.feed.startAround(id);
        this.wantedRow = id;
        this.selectWanted();
        this.wantedRow = null;
        this.act();
    }

    leave(live) {
        this.dialog = null;
        this.zoom = null;
        this.pausedAt = null;
        this.selectedSeq = null;
        this.selectedId = null;
        this.detailOpen = false;
        this.grid.reset(live);
        this.applyFilter();
        this.setTab('events');
    }

    goLive() {
        this.leave(true);
        this.feed.startLive();
        this.act();
    }

    openRange(range) {
        this.leave(false);
        const done = this.feed.startRange(range);
        this.act();
        return done;
    }

    loadZoom() {
        void this.openRange(this.zoom);
    }

    atEdge(edge) {
        if (edge === 'top') {
            void this.feed.loadOlder();
        } else {
            void this.feed.loadNewer();
        }
    }

    togglePause() {
        if (this.feed.mode === 'live') {
            this.grid.setFollow(!this.grid.follow);
            this.act();
        }
    }

    followChanged(follow) {
        this.pausedAt = follow ? null : this.buffer.endSeq;
        this.act();
    }

    enterToken(token) {
        location.assign(`/?token=${encodeURIComponent(token.trim())}`);
    }

    // --- the filter ---

    get terms() {
        return this.view.terms;
    }

    applyFilter() {
        this.grid?.beforeFilter();
        this.view.setFilter(parseFilter(this.filterText), this.zoom);
        this.applied = this.filterText;
        this.changed++;
        this.act();
    }

    typeFilter(text) {
        this.filterText = text;
        clearTimeout(this.typing);
        this.typing = setTimeout(() => this.applyFilter(), TYPING_MS);
    }

    filterKey(event) {
        if (event.key === 'Escape') {
            event.preventDefault();
            if (this.filterText !== '') {
                this.setFilter('');
            } else {
                event.target.blur();
            }
        } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
            event.preventDefault();
            this.grid.root.focus();
        }
    }

    setFilter(text) {
        this.filterText = text;
        clearTimeout(this.typing);
        this.applyFilter();
    }

    toggleTerm(field, value, negate) {
        this.setFilter(formatFilter(toggle(parseFilter(this.filterText), field, value, negate)));
    }

    toggleFacet(facet) {
        if (!this.openFacets.delete(facet)) {
            this.openFacets.add(facet);
        }
        this.act();
    }

    setZoom(zoom) {
        this.zoom = zoom;
        this.applyFilter();
    }

    // --- rows and columns ---

    select(seq) {
        this.selectedSeq = seq;
        this.selectedId = seq === null ? null : this.buffer.row(seq)?.id || null;
        if (seq === null) {
            this.detailOpen = false;
        }
        this.act();
    }

    // What the details show may have left the buffer.
    followSelection() {
        this.selectedRow = this.selectedSeq === null ? null : this.buffer.row(this.selectedSeq);
        if (this.selectedRow === null && this.selectedSeq !== null) {
            this.selectedSeq = null;
            this.detailOpen = false;
            this.grid.selected = null;
        }
    }

    openDetail() {
        this.detailOpen = this.selectedSeq !== null;
        this.act();
    }

    toggleDetail() {
        if (this.selectedSeq === null) {
            this.grid.move(-1);
        }
        this.detailOpen = !this.detailOpen && this.selectedSeq !== null;
        this.act();
    }

    closeDetail() {
        this.detailOpen = false;
        this.grid.root.focus();
        this.act();
    }

    escape() {
        if (this.detailOpen) {
            this.closeDetail();
        } else {
            this.grid.select(null);
        }
    }

    setColumns(columns) {
        this.columns = columns;
        this.grid.setColumns(columns);
        this.act();
    }

    toggleColumn(key) {
        this.setColumns(toggled(this.columns, key));
    }

    moveColumn(key, target) {
        this.setColumns(moved(this.columns, key, target));
    }

    resetColumns() {
        this.setColumns(parseColumns(DEFAULT));
    }

    // --- the rest ---

    setTab(tab) {
        this.tab = tab;
        this.publishers.watched(tab === 'publishers');
        this.act();
    }

    toggle(what) {
        this[what] = !this[what];
        this.act();
    }

    toggleTheme() {
        this.theme.toggle();
    }

    openDialog(name) {
        this.dialog = name;
        this.act();
    }

    closeDialog() {
        this.dialog = null;
        this.act();
    }

    dismissLost() {
        this.lostSeen = this.feed.lostTotal;
        this.act();
    }

    showLost() {
        this.setTab('events');
        this.setFilter('provider=Etwas event=Lost');
    }

    dismissNote() {
        this.feed.note = '';
        this.act();
    }

    onlyComputer(computer) {
        this.setTab('events');
        this.toggleTerm('computer', computer, false);
    }

    // At first the charts of the first computer are shown.
    chartComputers(computers) {
        const chosen = computers.filter((computer) => this.chosenComputers?.has(computer));
        return chosen.length > 0 ? chosen : computers.slice(0, 1);
    }

    pickComputer(computer) {
        this.chosenComputers = new Set([computer]);
        this.act();
    }

    spanOfBuffer() {
        const { blocks } = this.buffer;
        const earliest = blocks.reduce((time, block) => Math.min(time, block.earliest), Infinity);
        const latest = blocks.reduce((time, block) => Math.max(time, block.latest), -Infinity);
        if (!(latest >= earliest)) {
            return '';
        }
        const end = dateText(earliest) === dateText(latest) ? clockText(latest, 3) : momentText(latest);
        return `${momentText(earliest)} – ${end}`;
    }

    say(text) {
        this.toast = text;
        clearTimeout(this.toastTimer);
        this.toastTimer = setTimeout(() => {
            this.toast = '';
            this.act();
        }, 1800);
        this.act();
    }

    async copy(text) {
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            const area = document.createElement('textarea');
            area.value = text;
            document.body.append(area);
            area.select();
            document.execCommand('copy');
            area.remove();
        }
        this.say('Copied');
    }

    // range null: the rows of the view
    async export(range, format, progress, signal) {
        const fields = this.columns.filter(({ key }) => key.startsWith('data.')).map(({ key }) => key.slice(5));
        const blob = range === null ? await exportView(this.view, format, fields, progress)
            : await exportRange(range, format, fields, progress, signal);
        if (blob !== null) {
            const stamp = new Date().toISOString().slice(0, 19).replace(/:/g, '');
            save(blob, `etwas-${stamp}.${format}`);
        }
    }
}

const app = new App();
listenToKeys(app);
app.drawUi(0);
app.publishers.start();
addEventListener('hashchange', () => location.reload());
void app.start();
// For tests and for whoever looks under the hood.
globalThis.etwas = app;
