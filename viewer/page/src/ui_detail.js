// SPDX-License-Identifier: MIT
// All of the selected event; each value can be filtered by.
import { html, icon, iconButton } from './html.js';
import { gapText } from './grid_row.js';
import { count, visible } from './text.js';

const SHOWN = 2000;
const FIELD = /^[A-Za-z_][\w.-]*$/;
const SHORT = { Computer: 'computer', Provider: 'provider', EventName: 'event', Level: 'level', ProcessName: 'process',
    ProcessId: 'pid', ThreadId: 'tid', Cpu: 'cpu', EventId: 'eventid', Message: 'message', TimeCreated: 'time', Id: 'id' };

function Field({ app, name, field, value, column }) {
    const shown = visible(name, 80);
    const canFilter = FIELD.test(field);
    const long = value.length > SHOWN;
    return html`<div class="field"><dt title=${shown}>${shown}</dt>
        <dd>${visible(value, SHOWN)}${long && html` <button type="button" class="link" onClick=${() => app.copy(value)}>Copy all ${count(value.length)}</button>`}</dd>
        <span class="acts">${canFilter && html`
            <button type="button" title=${`Only ${shown} = this`} aria-label=${`Only rows with this ${shown}`} onClick=${() => app.toggleTerm(field, value, false)}>${icon('plus')}</button>
            <button type="button" title=${`Without ${shown} = this`} aria-label=${`Without rows with this ${shown}`} onClick=${() => app.toggleTerm(field, value, true)}>${icon('minus')}</button>
            ${column && html`<button type="button" title=${`Column ${shown}`} aria-label=${`Show ${shown} as a column`} onClick=${() => app.toggleColumn(column)}>${icon('columns')}</button>`}`}
        </span></div>`;
}

function Title({ row }) {
    if (row.gap !== null) {
        return html`<h2 class="gap-title">${gapText(row)}</h2>`;
    }
    return html`<h2>${visible(row.get('EventName') || '(no name)', 120)}</h2><p class="sub">${visible(row.get('Provider'), 120)}${row.get('Computer') && html` on ${visible(row.get('Computer'), 64)}`}</p>`;
}

export function Detail({ app, row }) {
    const members = [...row.members].filter(([, value]) => value !== '');
    return html`<aside class="detail" aria-label="Selected event">
        <div class="detail-head"><div class="detail-title"><${Title} row=${row} /></div>
            ${iconButton({ name: 'copy', label: 'Copy as JSON', className: 'flat', onClick: () => app.copy(row.text) })}
            ${iconButton({ name: 'close', label: 'Close (Esc)', className: 'flat', onClick: () => app.closeDetail() })}</div>
        <div class="detail-body">
            ${row.gap === 'Missed' && row.field('After') !== '' && html`<p><button type="button" class="button primary" onClick=${() => app.showAround(row.field('After'))}>Show these rows from the store</button></p>`}
            ${row.data.length > 0 && html`<h3>Data</h3><dl>${row.data.map(([name, value], i) => html`<${Field} key=${`${i}${name}`} app=${app}
                name=${name} field=${name in SHORT || name.toLowerCase() in SHORT ? `data.${name}` : name} value=${value} column=${`data.${name}`} />`)}</dl>`}
            <h3>Event</h3>
            <dl>${members.map(([name, value], i) => html`<${Field} key=${`${i}${name}`} app=${app} name=${name} field=${SHORT[name] ?? name} value=${value} />`)}</dl>
        </div>
    </aside>`;
}
