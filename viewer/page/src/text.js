// SPDX-License-Identifier: MIT
// How values look. Nothing here makes markup: what comes out is text for text nodes.

/* Characters that are invisible, move others about, or end a line: controls, the marks that
 * change the direction of text, zero-width ones, tags. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

const PLAIN = /^[ -~]*$/;
const SHORT = new Map([['\n', '\\n'], ['\r', '\\r'], ['\t', '\\t']]);

function reveal(character) {
    const code = character.codePointAt(0).toString(16).toUpperCase();
    return SHORT.get(character) ?? `\\u{${code}}`;
}

// `text` with what cannot be seen written out; at most `limit` characters of it.
export function visible(text, limit = 4096) {
    const cut = text.length > limit ? text.slice(0, limit) : text;
    const shown = PLAIN.test(cut) ? cut : cut.replace(HIDDEN, reveal);
    return cut === text ? shown : `${shown}… (${count(text.length)} characters)`;
}

const grouped = new Intl.NumberFormat('en-US');

export function count(number) {
    return grouped.format(number);
}

export function rate(number) {
    return number >= 100 ? count(Math.round(number)) : String(Math.round(number * 10) / 10);
}

export function bytesText(number) {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    let value = number;
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
        value /= 1000;
        unit++;
    }
    return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function pad(number, width) {
    return String(number).padStart(width, '0');
}

const pad2 = (number) => pad(number, 2);

// Times are shown as UTC, as they are stored.
export function dateText(ms) {
    if (!Number.isFinite(ms)) {
        return '—';
    }
    const date = new Date(ms);
    return Number.isNaN(date.getTime()) ? '—' : date.toISOString().slice(0, 10);
}

export function clockText(ms, fraction = 0) {
    const date = new Date(Math.floor(ms));
    if (!Number.isFinite(ms) || Number.isNaN(date.getTime())) {
        return '—';
    }
    const clock = `${pad2(date.getUTCHours())}:${pad2(date.getUTCMinutes())}:${pad2(date.getUTCSeconds())}`;
    return fraction === 0 ? clock : `${clock}.${pad(date.getUTCMilliseconds(), 3).slice(0, fraction)}`;
}

export function momentText(ms) {
    return `${dateText(ms)} ${clockText(ms, 3)}`;
}

export function agoText(ms, now = Date.now()) {
    const seconds = Math.max(0, Math.round((now - ms) / 1000));
    if (!Number.isFinite(seconds)) {
        return 'never';
    }
    if (seconds < 2) {
        return 'now';
    }
    if (seconds < 120) {
        return `${seconds} s ago`;
    }
    if (seconds < 7200) {
        return `${Math.round(seconds / 60)} min ago`;
    }
    return seconds < 172800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86400)} days ago`;
}

// "-30s", "-15m", "-2h", "-1d", "now", or a date and time of UTC; NaN when it is neither.
export function parseMoment(text, now = Date.now()) {
    const trimmed = text.trim();
    const relative = /^-\s*(\d+(?:\.\d+)?)\s*(s|m|min|h|d)$/.exec(trimmed);
    if (relative !== null) {
        const unit = { s: 1e3, m: 6e4, min: 6e4, h: 36e5, d: 864e5 }[relative[2]];
        return now - Number(relative[1]) * unit;
    }
    if (trimmed === 'now') {
        return now;
    }
    const clock = /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/;
    const parts = clock.test(trimmed) ? [dateText(now), trimmed] : trimmed.replace(/\s*Z$/, '').split(/[T ]+/);
    const [date, time = '00:00'] = parts;
    if (parts.length > 2 || !/^\d{4}-\d{2}-\d{2}$/.test(date) || !clock.test(time)) {
        return NaN;
    }
    return Date.parse(`${date}T${time.indexOf(':') === 1 ? '0' : ''}${time}Z`);
}
