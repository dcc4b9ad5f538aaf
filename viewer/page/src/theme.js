// SPDX-License-Identifier: MIT
// Light or dark: as the system says, until somebody chooses.
const KEY = 'etwas-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function chosen() {
    try {
        return localStorage.getItem(KEY);
    } catch {
        return null;    // storage is forbidden
    }
}

export class Theme {
    constructor(changed) {
        this.choice = chosen();
        this.changed = changed;
        system.addEventListener('change', () => this.apply());
        this.apply();
    }

    get dark() {
        return this.choice === null ? system.matches : this.choice === 'dark';
    }

    apply() {
        document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
        this.changed();
    }

    toggle() {
        this.choice = this.dark ? 'light' : 'dark';
        try {
            localStorage.setItem(KEY, this.choice);
        } catch {
            // then it lasts as long as the page
        }
        this.apply();
    }
}
