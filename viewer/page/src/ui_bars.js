// SPDX-License-Identifier: MIT
// What is above and below the table: names, states, the filter box, buttons, counts.
import { html, icon, iconButton } from './html.js';
import { bytesText, clockText, count, dateText, momentText, rate, visible } from './text.js';

const STATES = {
    connecting: ['wait', 'Connecting'],
    open: ['live', 'Live'],
    closed: ['down', 'Reconnecting'],
    refused: ['down', 'Refused'],
};

function connection(app) {
    const { feed } = app;
    if (feed.mode === 'range' && feed.status === 'open') {
        return html`<span class="state"><i class="dot stored" />From the store</span>`;
    }
    const [className, text] = STATES[feed.status];
    return html`<span class="state" title=${feed.reason || text} role="status"><i class=${`dot ${className}`} />${text}</span>`;
}

function rateText(app) {
    const { rate: last, status, mode } = app.feed;
    if (last === null || status !== 'open' || mode !== 'live') {
        return null;
    }
    const sampled = last.events > last.shown;
    return html`<span class=${sampled ? 'rate sampled' : 'rate'} title=${sampled
        ? 'More than 2,000 events a second: a sample of them is shown. The store has all.' : 'Events of the last second'}>
        <b>${rate(last.events)}</b>/s${sampled && html` · <b>${rate(last.shown)}</b> shown`}</span>`;
}

function tab(app, key, text, badge) {
    return html`<button type="button" role="tab" class="tab" aria-selected=${String(app.tab === key)}
        onClick=${() => app.setTab(key)}>${text}${badge && html`<span class="badge" title=${badge[1]}>${badge[0]}</span>`}</button>`;
}

export function TopBar({ app }) {
    return html`<header class="top">
        <span class="brand"><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 5h14M3 10h9M3 15h12" /></svg>Etwas</span>
        <nav class="tabs" role="tablist" aria-label="Views">
            ${tab(app, 'events', 'Events')}${tab(app, 'charts', 'Charts')}${tab(app, 'publishers', 'Publishers', app.publishers.badge)}
        </nav>
        <span class="host">${visible(location.host, 60)}</span>
        <span class="space" />
        ${rateText(app)}${connection(app)}
        ${iconButton({ name: app.dark ? 'sun' : 'moon', label: app.dark ? 'Light colours' : 'Dark colours', className: 'flat', onClick: () => app.toggleTheme() })}
        ${iconButton({ name: 'help', label: 'Help (?)', className: 'flat', onClick: () => app.openDialog('help') })}
    </header>`;
}

function spanText({ from, to, around }) {
    if (from === null && to === null) {
        return around ? 'Around a row' : 'All of the store';
    }
    const part = (ms, other) => (ms === null ? other : momentText(ms));
    const sameDay = from !== null && to !== null && dateText(from) === dateText(to);
    return `${part(from, 'the beginning')} – ${sameDay ? clockText(to, 3) : part(to, 'now')}`;
}

function pauseButton(app) {
    if (app.feed.mode === 'range') {
        return html`<button type="button" class="button primary" onClick=${() => app.goLive()}>${icon('play')}<span>Back to live</span></button>`;
    }
    const { waiting } = app;
    return app.grid?.follow !== false
        ? html`<button type="button" class="button pause" title="Pause (Space)" onClick=${() => app.togglePause()}>${icon('pause')}<span>Pause</span></button>`
        : html`<button type="button" class="button primary pause" title="Resume (Space)" onClick=${() => app.togglePause()}>${icon('down')}<span>Resume${waiting > 0 && html`, <b>${count(waiting)}</b> new`}</span></button>`;
}

export function FilterBar({ app }) {
    return html`<div class="filterbar">
        ${iconButton({ name: 'facets', label: 'Facets (f)', pressed: app.facetsOpen, onClick: () => app.toggle('facetsOpen') })}
        <label class="filter">${icon('search')}
            <input id="filter" type="search" spellcheck=${false} autocomplete="off" autocapitalize="off" aria-label="Filter"
                placeholder='Filter: words  -without  provider=sched  next_comm:bash  Busy>50      ( / )'
                value=${app.filterText} onInput=${(event) => app.typeFilter(event.target.value)} onKeyDown=${(event) => app.filterKey(event)} />
        </label>
        ${app.zoom !== null && html`<span class="chip" title="Only rows of this time">${icon('bars')}${spanText(app.zoom)}
            ${app.feed.mode === 'live' && html`<button type="button" title="The table may be a sample: get all rows of this time from the store" onClick=${() => app.loadZoom()}>Load all</button>`}
            <button type="button" aria-label="Take the time range away" onClick=${() => app.setZoom(null)}>${icon('close')}</button></span>`}
        ${app.feed.mode === 'range' && html`<span class="chip stored">${icon('clock')}${spanText(app.feed.range)}</span>`}
        ${iconButton({ name: 'clock', label: 'Time range from the store (r)', text: 'Range', onClick: () => app.openDialog('range') })}
        ${iconButton({ name: 'columns', label: 'Columns (c)', text: 'Columns', onClick: () => app.openDialog('columns') })}
        ${iconButton({ name: 'save', label: 'Export (x)', text: 'Export', onClick: () => app.openDialog('export') })}
        ${iconButton({ name: 'bars', label: 'Histogram (h)', pressed: app.histogramOpen, onClick: () => app.toggle('histogramOpen') })}
        ${pauseButton(app)}
    </div>`;
}

export function Banner({ app }) {
    const { feed } = app;
    const lost = feed.lostTotal - app.lostSeen;
    if (feed.status === 'refused') {
        return null;
    }
    if (lost > 0) {
        const parts = [...feed.lost.values()].sort((a, b) => b.count - a.count);
        const where = parts.slice(0, 3).map((part) => `${count(part.count)} at the ${visible(part.where, 40)} of ${visible(part.computer, 64) || '?'}`);
        return html`<div class="banner lost" role="alert">${icon('warn')}<b>${count(feed.lostTotal)} events lost</b>
            <span>since this page was opened: ${where.join(', ')}${parts.length > 3 && ', …'}</span>
            <span class="space" /><button type="button" class="button" onClick=${() => app.showLost()}>Show</button>
            <button type="button" class="button" onClick=${() => app.dismissLost()}>Dismiss</button></div>`;
    }
    if (feed.status === 'closed') {
        return html`<div class="banner wait" role="status">${icon('warn')}<b>No connection</b><span>${visible(feed.reason, 200)}. Trying again; nothing is skipped once it is back.</span></div>`;
    }
    return null;
}

export function StatusBar({ app }) {
    const { buffer, view, feed } = app;
    return html`<footer class="status" role="status">
        <span><b>${count(view.total)}</b>${view.filtered ? ` of ${count(buffer.rows)}` : ''} rows${view.pending && view.filtered ? ', searching …' : ''}</span>
        <span>${bytesText(buffer.bytes)}</span>
        ${buffer.dropped > 0 && html`<span class="note" title="The page holds 1,000,000 rows; the store has the older ones">${count(buffer.dropped)} older rows left the page</span>`}
        ${feed.missed > 0 && html`<span class="note">${count(feed.missed)} not shown, this page was too slow</span>`}
        ${feed.bad > 0 && html`<span class="note">${count(feed.bad)} lines could not be read</span>`}
        ${feed.busy !== '' && html`<span class="busy">${{ older: 'Loading older rows …', newer: 'Loading newer rows …', range: 'Loading …' }[feed.busy]}
            ${feed.busy === 'range' && html`<button type="button" onClick=${() => feed.stopLoading()}>Stop</button>`}</span>`}
        ${feed.note !== '' && html`<span class="note">${feed.note} <button type="button" aria-label="Dismiss" onClick=${() => app.dismissNote()}>×</button></span>`}
        <span class="space" />
        <span>${app.spanOfBuffer()}</span><span>UTC</span>
    </footer>`;
}
