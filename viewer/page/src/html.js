// SPDX-License-Identifier: MIT
// Templates without a compiler: html`<p>${text}</p>` makes elements; what is put in is text.
import { h } from 'preact';
import htm from 'htm';

export const html = htm.bind(h);

const PATHS = {
    pause: 'M5 3.5h2v9H5zM9 3.5h2v9H9z',
    play: 'M5 3.2v9.6l7.2-4.8z',
    down: 'M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3.5 13.5h9',
    plus: 'M8 4v8M4 8h8',
    minus: 'M4 8h8',
    close: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
    columns: 'M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9',
    clock: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M8 5v3.2l2.2 1.4',
    save: 'M8 2.5v7M5 6.5l3 3l3-3M3 10.5v3h10v-3',
    sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6a2.8 2.8 0 0 1 0-5.6M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1',
    moon: 'M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6z',
    help: 'M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.5M8 11.6v.2M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2',
    search: 'M7 3a4 4 0 1 1 0 8a4 4 0 0 1 0-8M10 10l3.2 3.2',
    facets: 'M2.5 4h11M4.5 8h7M6.5 12h3',
    bars: 'M3.5 13V8M6.5 13V4M9.5 13V6.5M12.5 13V9.5',
    copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
    warn: 'M8 2.5 14.2 13H1.8zM8 6.5v3M8 11.2v.2',
};

export function icon(name) {
    return html`<svg class=${`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

// A button with a name for those who cannot see its picture.
export function iconButton({ name, label, onClick, pressed, text, className = '' }) {
    return html`<button type="button" class=${`button ${className}`} title=${label} aria-label=${text ? null : label}
        aria-pressed=${pressed === undefined ? null : String(pressed)} onClick=${onClick}>${icon(name)}${text
    && html`<span>${text}</span>`}</button>`;
}
