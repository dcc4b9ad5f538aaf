// SPDX-License-Identifier: MIT
// Providers, levels and computers of all rows in the buffer, with counts.
import { html, icon } from './html.js';
import { stateOf } from './filter.js';
import { count, visible } from './text.js';

const FACETS = [['provider', 'Provider'], ['level', 'Level'], ['computer', 'Computer'], ['event', 'Event']];
const SHOWN = 12;
const LEVELS = { 0: 'LogAlways', 1: 'Critical', 2: 'Error', 3: 'Warning', 4: 'Information', 5: 'Verbose' };

function valuesOf(dictionary) {
    const values = [];
    for (let code = 0; code < dictionary.texts.length; code++) {
        if (dictionary.counts[code] > 0) {
            values.push({ text: dictionary.texts[code], count: dictionary.counts[code] });
        }
    }
    return values.sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
}

function label(facet, text) {
    if (text === '') {
        return '(none)';
    }
    return facet === 'level' && LEVELS[text] !== undefined ? `${text} ${LEVELS[text]}` : visible(text, 80);
}

function Value({ app, facet, value, most }) {
    const state = stateOf(app.terms, facet, value.text);
    const name = label(facet, value.text);
    return html`<li class=${['', 'included', 'excluded'].at(state)}>
        <button type="button" class="value" aria-pressed=${String(state === 1)} title=${`Only ${name}`}
            onClick=${() => app.toggleTerm(facet, value.text, false)}>
            <span class="name">${name}</span><span class="count">${count(value.count)}</span>
            <svg class="share" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true"><rect width=${Math.max(1, (100 * value.count) / most)} height="2" /></svg>
        </button>
        <button type="button" class="without" aria-pressed=${String(state === -1)} title=${`Without ${name}`} aria-label=${`Without ${name}`}
            onClick=${() => app.toggleTerm(facet, value.text, true)}>${icon('minus')}</button>
    </li>`;
}

function Facet({ app, facet, title }) {
    const values = valuesOf(app.buffer.dictionaries[facet]);
    const all = app.openFacets.has(facet);
    const most = values[0]?.count ?? 1;
    return html`<section class="facet" aria-label=${title} data-facet=${facet}>
        <h2>${title}<span>${count(values.length)}</span></h2>
        <ul>${values.slice(0, all ? 200 : SHOWN).map((value) => html`<${Value} key=${value.text} ...${{ app, facet, value, most }} />`)}</ul>
        ${values.length > SHOWN && html`<button type="button" class="more" onClick=${() => app.toggleFacet(facet)}>${all ? 'Fewer' : `${count(values.length - SHOWN)} more`}</button>`}
    </section>`;
}

export function Facets({ app }) {
    return html`<aside class="facets" aria-label="Facets">
        ${FACETS.map(([facet, title]) => html`<${Facet} key=${facet} app=${app} facet=${facet} title=${title} />`)}
    </aside>`;
}
