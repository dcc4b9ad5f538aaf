// SPDX-License-Identifier: MIT
// The other two views: publishers, and charts of processors and processes. And what is shown
// when the relay wants a token.
import { Component } from 'preact';
import { html, icon } from './html.js';
import { computersWith, cpuSeries, processSeries } from './metrics.js';
import { Lines } from './plots.js';
import { agoText, bytesText, count, rate, visible } from './text.js';

// Quotes for a shell what is no plain word.
function shellWord(text) {
    return /^[\w:+/=.-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

function stateOf(publisher) {
    if (publisher.State === 'pending') {
        return ['pending', 'waits for approval'];
    }
    if (publisher.State === 'revoked') {
        return ['revoked', 'revoked'];
    }
    const silent = Date.now() - Date.parse(publisher.LastSeen) > 30_000;
    return silent ? ['silent', 'silent'] : ['well', publisher.State === 'local' ? 'local' : 'trusted'];
}

function lostOf(lost) {
    return ['Kernel', 'Monitor', 'Spool'].map((where) => [where.toLowerCase(), Number(lost?.[where]) || 0]).filter(([, number]) => number > 0);
}

function Pending({ app, publisher }) {
    const command = `etwass --approve ${shellWord(visible(String(publisher.Fingerprint), 100))}`;
    return html`<div class="approval"><div><b>${visible(String(publisher.Computer || 'A computer'), 64)}</b> wants to publish with a key that nobody approved.
        If <code>etwas --key-show</code> there says the same, type where the relay runs:</div>
        <div class="command"><code>${command}</code><button type="button" class="button" onClick=${() => app.copy(command)}>${icon('copy')}<span>Copy</span></button></div></div>`;
}

function PublisherRow({ app, publisher }) {
    const [state, text] = stateOf(publisher);
    const lost = lostOf(publisher.Lost);
    return html`<tr><td><i class=${`dot ${state}`} />${text}</td><td><button type="button" class="link" onClick=${() => app.onlyComputer(String(publisher.Computer))}>${visible(String(publisher.Computer ?? ''), 64)}</button></td>
        <td title=${visible(String(publisher.LastSeen ?? ''), 40)}>${agoText(Date.parse(publisher.LastSeen))}</td><td class="num">${rate(Number(publisher.Rate) || 0)}</td>
        <td class="num">${count(Number(publisher.Events) || 0)}</td><td class="num">${bytesText(Number(publisher.Bytes) || 0)}</td>
        <td class=${lost.length > 0 ? 'lost' : 'none'}>${lost.length > 0 ? lost.map(([where, number]) => `${count(number)} ${where}`).join(', ') : 'none'}
            ${publisher.Unseen > 0 && html`<span class="none" title="Sent before this relay was there, or to a store that it lost"> · ${count(publisher.Unseen)} unseen</span>`}</td>
        <td class="num">${publisher.Streams?.length ?? 0}</td><td class="mono print" title=${visible(String(publisher.Fingerprint), 100)}>${visible(String(publisher.Fingerprint), 100)}</td></tr>`;
}

export function Publishers({ app }) {
    const { list, failed } = app.publishers;
    const pending = list.filter(({ State }) => State === 'pending');
    return html`<main class="pane publishers">
        ${failed && html`<p class="failed">${visible(failed, 200)}</p>`}
        ${pending.map((publisher) => html`<${Pending} key=${publisher.Fingerprint} app=${app} publisher=${publisher} />`)}
        <table><thead><tr><th>State</th><th>Computer</th><th>Last seen</th><th class="num">Events/s</th><th class="num">Events</th><th class="num">Stored</th><th>Lost</th><th class="num">Streams</th><th>Key</th></tr></thead>
        <tbody>${list.map((publisher) => html`<${PublisherRow} key=${publisher.Fingerprint} app=${app} publisher=${publisher} />`)}</tbody></table>
        ${list.length === 0 && !failed && html`<p class="empty">Nobody has published yet. On any computer: <code>etwas --source cpu --sink ${location.origin}/</code></p>`}
    </main>`;
}

class Chart extends Component {
    componentDidMount() {
        this.lines = new Lines(this.host, this.props.name, this.props.least);
        this.lines.update(this.props.data, this.props.dark);
    }

    componentDidUpdate() {
        this.lines.update(this.props.data, this.props.dark);
    }

    componentWillUnmount() {
        this.lines.plot?.destroy();
    }

    render({ title, data, name, dark }) {
        const { series } = data;
        const last = (values) => values.findLast((value) => value !== null) ?? 0;
        return html`<section class="chart"><h2>${title}</h2><div class="chart-body"><div class="plot" ref=${(host) => { this.host = host; }} />
            <ul class="legend">${series.slice(0, 40).map(({ key, values }, i) => html`<li key=${String(key)}><svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" rx="2" fill=${this.lines?.colorOf(key, i, dark) ?? 'none'} /></svg>
                <span>${name(key)}</span><b>${last(values).toFixed(1)} %</b></li>`)}</ul></div></section>`;
    }
}

const cpuName = (key) => (key === -1 ? 'all CPUs' : `CPU ${key}`);
const processName = (key) => visible(key, 60);

export function Charts({ app }) {
    const computers = computersWith(app.buffer);
    const shown = app.chartComputers(computers);
    return html`<main class="pane charts">
        ${computers.length > 1 && html`<div class="pick" role="group" aria-label="Computers">${computers.map((computer) => html`<button type="button" class="button" aria-pressed=${String(shown.includes(computer))} onClick=${() => app.pickComputer(computer)}>${visible(computer, 64) || '(none)'}</button>`)}</div>`}
        ${shown.map((computer) => html`<div key=${computer}>
            <${Chart} title=${`${visible(computer, 64)} · processors`} name=${cpuName} least=${100} dark=${app.dark} data=${cpuSeries(app.buffer, computer)} />
            <${Chart} title=${`${visible(computer, 64)} · processes that use most (% of a CPU)`} name=${processName} least=${10} dark=${app.dark} data=${processSeries(app.buffer, computer)} /></div>`)}
        ${computers.length === 0 && html`<p class="empty">These charts are made of the events of two sources:
            <code>etwas --source cpu --source process-cpu --sink ${location.origin}/</code></p>`}
    </main>`;
}

export function Refused({ app }) {
    return html`<div class="refused" role="alertdialog" aria-label="The relay wants a token"><h2>The relay wants a token</h2>
        <p>The one of this browser is missing, or the relay has another one now. Open the address that <code>etwass</code> printed when it
        was started, or paste the token: it is in the file <code>viewer-token</code> in the relay's data folder.</p>
        <form onSubmit=${(event) => { event.preventDefault(); app.enterToken(event.target.elements.token.value); }}>
            <input name="token" type="password" autocomplete="off" aria-label="Token" placeholder="Token" /><button type="submit" class="button primary">Open</button></form></div>`;
}
