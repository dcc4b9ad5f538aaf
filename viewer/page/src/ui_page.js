// SPDX-License-Identifier: MIT
// How the parts of the page lie.
import { Component } from 'preact';
import { Grid } from './grid.js';
import { html } from './html.js';
import { countByTime } from './metrics.js';
import { Histogram } from './plots.js';
import { Banner, FilterBar, StatusBar, TopBar } from './ui_bars.js';
import { Detail } from './ui_detail.js';
import { CurrentDialog } from './ui_dialogs.js';
import { Facets } from './ui_facets.js';
import { Charts, Publishers, Refused } from './ui_panes.js';

const HISTOGRAM_MS = 400;
const BARS = 180;

// Drawn by itself, not by templates.
class GridHost extends Component {
    componentDidMount() {
        const { app } = this.props;
        app.grid = new Grid(this.host, app.view, {
            select: (seq) => app.select(seq),
            open: () => app.openDetail(),
            follow: (follow) => app.followChanged(follow),
            edge: (edge) => app.atEdge(edge),
            moved: () => app.schedule(),
            columns: (columns) => app.setColumns(columns),
            resizing: (columns) => app.grid.setWidths(columns),
        });
        app.grid.setColumns(app.columns);
    }

    shouldComponentUpdate() {
        return false;
    }

    render() {
        return html`<div class="grid-host" ref=${(host) => { this.host = host; }} />`;
    }
}

class HistogramHost extends Component {
    componentDidMount() {
        const { app } = this.props;
        this.shown = -1;
        app.histogram = new Histogram(this.host, (from, to) => app.setZoom(from === null ? null : { from, to }));
        this.update();
    }

    componentDidUpdate() {
        this.update();
    }

    componentWillUnmount() {
        clearTimeout(this.timer);
        this.props.app.histogram = null;
    }

    // Counting a million rows takes a while: not with every frame.
    update() {
        const { app } = this.props;
        clearTimeout(this.timer);
        const since = performance.now() - (this.drawn ?? -Infinity);
        const pause = app.buffer.rows > 200_000 ? 4 * HISTOGRAM_MS : HISTOGRAM_MS;
        const key = `${app.changed}/${app.view.version}/${app.view.total}`;
        if (key === this.shown) {
            return;
        }
        if (since < pause && this.version === app.view.version) {
            this.timer = setTimeout(() => this.update(), pause - since);
            return;
        }
        this.shown = key;
        this.version = app.view.version;
        this.drawn = performance.now();
        const data = countByTime(app.buffer, app.view, BARS);
        this.empty.hidden = data !== null;
        if (data !== null) {
            app.histogram.update(data, app.zoom);
        }
    }

    render() {
        return html`<div class="histogram" aria-label="Events by time"><div class="histogram-plot" ref=${(host) => { this.host = host; }} />
            <p ref=${(empty) => { this.empty = empty; }} hidden>No events yet</p></div>`;
    }
}

function Empty({ app }) {
    const { feed, view, buffer } = app;
    if (view.total > 0 || view.pending || feed.busy !== '' || feed.status === 'connecting') {
        return null;
    }
    if (buffer.rows > 0) {
        return html`<div class="nothing"><p>No row of ${buffer.rows.toLocaleString('en-US')} holds.</p>
            <button type="button" class="button" onClick=${() => { app.zoom = null; app.setFilter(''); }}>Take the filter away</button></div>`;
    }
    return html`<div class="nothing"><p>${feed.mode === 'live' ? 'Nothing has come yet.' : 'The store has nothing of that time.'}</p>
        ${feed.mode === 'live' && html`<p><code>etwas --source cpu --sink ${location.origin}/</code></p>`}</div>`;
}

export function Page({ app }) {
    const detail = app.detailOpen ? app.selectedRow : null;
    const events = app.tab === 'events';
    return html`<div class="page">
        <${TopBar} app=${app} /><${Banner} app=${app} />
        <div class=${`events ${events ? '' : 'away'}`}>
            <${FilterBar} app=${app} />
            <div class="middle">
                ${app.facetsOpen && html`<${Facets} app=${app} />`}
                <main class="center">
                    ${app.histogramOpen && html`<${HistogramHost} app=${app} />`}
                    <div class="table"><${GridHost} app=${app} /><${Empty} app=${app} /></div>
                </main>
                ${detail && html`<${Detail} app=${app} row=${detail} />`}
            </div>
        </div>
        ${app.tab === 'charts' && html`<${Charts} app=${app} />`}
        ${app.tab === 'publishers' && html`<${Publishers} app=${app} />`}
        <${StatusBar} app=${app} />
        ${app.feed.status === 'refused' && html`<${Refused} app=${app} />`}
        <${CurrentDialog} app=${app} />
        ${app.toast !== '' && html`<div class="toast" role="status">${app.toast}</div>`}
    </div>`;
}
