// SPDX-License-Identifier: MIT
// What opens above the page: help, columns, a time range, export.
import { Component } from 'preact';
import { allColumns } from './columns.js';
import { html, icon } from './html.js';
import { count, parseMoment, visible } from './text.js';

class Dialog extends Component {
    componentDidMount() {
        this.element.showModal();
    }

    render({ title, close, children }) {
        return html`<dialog ref=${(element) => { this.element = element; }} aria-label=${title} onClose=${close}
            onClick=${(event) => event.target === this.element && close()}>
            <div class="dialog"><header><h2>${title}</h2><button type="button" class="button flat" aria-label="Close" onClick=${close}>${icon('close')}</button></header>${children}</div></dialog>`;
    }
}

const KEYS = [['/', 'filter'], ['j  k', 'next, previous row'], ['Enter', 'all of the row'], ['Esc', 'close, deselect'],
    ['Space', 'pause, resume'], ['g  G', 'oldest, newest row'], ['f  h', 'facets, histogram'], ['c  r  x', 'columns, range, export'],
    ['1  2  3', 'events, charts, publishers'], ['?', 'this']];
const FILTERS = [['error disk', 'both somewhere in the event'], ['"two words"', 'as they stand'], ['-idle', 'not anywhere'],
    ['provider=sched|irq', 'exactly one of these'], ['comm:bash', 'has it in that field'], ['Busy>=50', 'as a number'],
    ['-level=Verbose', 'another level or none'], ['data.Cpu=1', 'the field of the data']];

function Help({ close }) {
    const list = (rows) => html`<dl class="keys">${rows.map(([key, text]) => html`<dt>${key.split('  ').map((one) => html`<kbd>${one}</kbd>`)}</dt><dd>${text}</dd>`)}</dl>`;
    return html`<${Dialog} title="Help" close=${close}><div class="two"><section><h3>Keyboard</h3>${list(KEYS)}</section>
        <section><h3>Filter</h3>${list(FILTERS)}</section></div>
        <p class="hint">The address holds filter, range, columns and the selected row: copy it to show somebody the same. Times are UTC.
        Gaps stay visible whatever the filter says.</p></${Dialog}>`;
}

class Columns extends Component {
    // Rows change places; what has the focus keeps it.
    componentDidUpdate() {
        if (this.last?.isConnected && document.activeElement !== this.last) {
            this.last.focus();
        }
    }

    row({ app }, column, index, shown) {
        const act = (work) => (event) => {
            this.last = event.currentTarget;
            work();
        };
        const move = (text, where, other) => html`<button type="button" class="button flat" disabled=${other === undefined}
            aria-label=${`Move ${column.title} to the ${where}`} onClick=${act(() => app.moveColumn(column.key, other.key))}>${text}</button>`;
        return html`<li key=${column.key}><label><input type="checkbox" checked=${index >= 0} onChange=${act(() => app.toggleColumn(column.key))} />${visible(column.title, 80)}</label>
            ${index >= 0 && move('↑', 'front', shown[index - 1])}${index >= 0 && move('↓', 'end', shown[index + 1])}</li>`;
    }

    render({ app, close }) {
        const shown = app.columns;
        const rows = [...shown, ...allColumns.filter(({ key }) => !shown.some((column) => column.key === key))];
        return html`<${Dialog} title="Columns" close=${close}><ul class="columns">${rows.map((column) => this.row(this.props, column, shown.indexOf(column), shown))}</ul>
            <p class="hint">Fields of the data become columns in the details of an event.</p>
            <footer><button type="button" class="button" onClick=${() => app.resetColumns()}>As at first</button></footer></${Dialog}>`;
    }
}

const QUICK = [['5 minutes', '-5m'], ['15 minutes', '-15m'], ['1 hour', '-1h'], ['6 hours', '-6h'], ['1 day', '-1d'], ['7 days', '-7d']];

class Span extends Component {
    constructor() {
        super();
        this.state = { from: '-15m', to: 'now' };
    }

    get span() {
        const { from, to } = this.state;
        const read = (text) => (text.trim() === '' ? null : parseMoment(text));
        const span = { from: read(from), to: to.trim() === 'now' ? null : read(to) };
        const valid = !Number.isNaN(span.from) && !Number.isNaN(span.to) && (span.from === null || span.to === null || span.from < span.to);
        return valid ? span : null;
    }

    fields() {
        const { from, to } = this.state;
        const field = (name, value, text) => html`<label>${text}<input type="text" spellcheck=${false} value=${value} onInput=${(event) => this.setState({ [name]: event.target.value })} /></label>`;
        return html`<div class="quick">${QUICK.map(([text, value]) => html`<button type="button" class="button" aria-pressed=${String(from === value && to === 'now')} onClick=${() => this.setState({ from: value, to: 'now' })}>${text}</button>`)}</div>
            <div class="span">${field('from', from, 'From')}${field('to', to, 'To')}</div>
            <p class="hint">UTC: <code>2026-11-25 10:00</code>, <code>10:00:05</code> of today, <code>-90s</code>, <code>-2h</code>, or nothing for the beginning.</p>`;
    }
}

class Range extends Span {
    render({ app, close }) {
        const { span } = this;
        return html`<${Dialog} title="Time range from the store" close=${close}><form onSubmit=${(event) => { event.preventDefault(); if (span) { app.openRange(span); } }}>
            ${this.fields()}<footer><button type="submit" class="button primary" autofocus disabled=${span === null}>Show</button></footer></form></${Dialog}>`;
    }
}

class Export extends Span {
    constructor() {
        super();
        this.state = { ...this.state, what: 'view', format: 'jsonl', rows: null };
        this.abort = new AbortController();
    }

    componentWillUnmount() {
        this.abort.abort();
    }

    async run(app) {
        const { what, format } = this.state;
        this.setState({ rows: 0, failed: '' });
        const progress = (rows) => {
            this.setState({ rows });
            return !this.abort.signal.aborted;
        };
        try {
            await app.export(what === 'view' ? null : this.span, format, progress, this.abort.signal);
            this.setState({ rows: null, done: true });
        } catch (error) {
            this.setState({ rows: null, failed: error.message });
        }
    }

    radio(name, value, text) {
        return html`<label class="radio"><input type="radio" name=${name} value=${value} checked=${this.state[name] === value} onChange=${() => this.setState({ [name]: value, done: false })} />${text}</label>`;
    }

    render({ app, close }) {
        const { what, rows, failed, done } = this.state;
        return html`<${Dialog} title="Export" close=${close}><form onSubmit=${(event) => { event.preventDefault(); void this.run(app); }}>
            <fieldset><legend>What</legend>${this.radio('what', 'view', `The ${count(app.view.total)} rows that the filter lets through`)}${this.radio('what', 'store', 'All of a time range in the store, unfiltered')}</fieldset>
            ${what === 'store' && this.fields()}
            <fieldset><legend>As</legend>${this.radio('format', 'jsonl', 'JSON lines, as they came')}${this.radio('format', 'csv', 'CSV; what a spreadsheet would run gets an apostrophe')}</fieldset>
            <footer>${rows !== null && html`<span class="busy">${count(rows)} rows …</span>`}${failed && html`<span class="failed">${visible(failed, 200)}</span>`}${done && html`<span>Saved.</span>`}
                <button type="submit" class="button primary" autofocus disabled=${rows !== null || (what === 'store' && this.span === null)}>Export</button></footer></form></${Dialog}>`;
    }
}

const DIALOGS = { help: Help, columns: Columns, range: Range, export: Export };

export function CurrentDialog({ app }) {
    const Shown = DIALOGS[app.dialog];
    return Shown === undefined ? null : html`<${Shown} app=${app} close=${() => app.closeDialog()} />`;
}
