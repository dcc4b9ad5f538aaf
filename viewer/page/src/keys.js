// SPDX-License-Identifier: MIT
// The keyboard, wherever the focus is but in a box that takes text.

function typing(target) {
    return target instanceof Element && target.closest('input, textarea, select, dialog') !== null;
}

export function listenToKeys(app) {
    const acts = {
        '/': () => document.getElementById('filter')?.focus(),
        '?': () => app.openDialog('help'),
        j: () => app.grid.move(1),
        k: () => app.grid.move(-1),
        g: () => app.grid.scrollTo(-1),
        G: () => app.grid.scrollTo(Infinity),
        ' ': () => app.togglePause(),
        f: () => app.toggle('facetsOpen'),
        h: () => app.toggle('histogramOpen'),
        c: () => app.openDialog('columns'),
        r: () => app.openDialog('range'),
        x: () => app.openDialog('export'),
        1: () => app.setTab('events'),
        2: () => app.setTab('charts'),
        3: () => app.setTab('publishers'),
        Escape: () => app.escape(),
        Enter: () => app.toggleDetail(),
    };
    document.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || app.dialog !== null || typing(event.target)) {
            return;
        }
        // A button that has the focus keeps what presses it.
        const pressing = event.target instanceof Element && event.target.closest('button, [role=columnheader]') !== null;
        if (pressing && (event.key === ' ' || event.key === 'Enter')) {
            return;
        }
        const act = acts[event.key];
        if (act !== undefined) {
            event.preventDefault();
            act();
        }
    });
}
