// SPDX-License-Identifier: MIT
// Who publishes to the relay, asked for again and again.
import { getJson } from './api.js';

const WATCHED_MS = 1500;
const OTHERWISE_MS = 6000;
const SILENT_MS = 30_000;

export class PublisherList {
    constructor(changed) {
        this.changed = changed;
        this.list = [];
        this.failed = '';
        this.interval = OTHERWISE_MS;
    }

    get badge() {
        const pending = this.list.filter(({ State }) => State === 'pending').length;
        if (pending > 0) {
            return [`${pending} new`, 'Keys that wait for approval'];
        }
        const silent = this.list.filter(({ State, LastSeen }) => State !== 'revoked' && Date.now() - Date.parse(LastSeen) > SILENT_MS).length;
        return silent > 0 ? [`${silent} silent`, 'Publishers of which nothing came for 30 s'] : null;
    }

    watched(yes) {
        const interval = yes ? WATCHED_MS : OTHERWISE_MS;
        if (interval !== this.interval) {
            this.interval = interval;
            this.start();
        }
    }

    start() {
        clearTimeout(this.timer);
        void this.ask();
    }

    async ask() {
        clearTimeout(this.timer);
        try {
            const { Publishers } = await getJson('/v1/publishers');
            this.list = Array.isArray(Publishers) ? Publishers : [];
            this.failed = '';
        } catch (error) {
            this.failed = error.message;
        }
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.ask(), this.interval);
        this.changed();
    }
}
