// SPDX-License-Identifier: MIT
// What uPlot draws: the histogram with its brush, and line charts.
import uPlot from 'uplot';
import { clockText } from './text.js';

function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const FONT = '11px system-ui, sans-serif';

function timeAxis(extra = {}) {
    return {
        stroke: color('muted'), font: FONT, size: 22, gap: 3,
        grid: { show: false }, ticks: { stroke: color('line'), size: 4 },
        values: (_, ticks, __, ___, step) => ticks.map((tick) => (step >= 86400
            ? new Date(tick * 1000).toISOString().slice(5, 10) : clockText(tick * 1000, step < 1 ? 3 : 0))),
        space: 90, ...extra,
    };
}

function utc(seconds) {
    return uPlot.tzDate(new Date(seconds * 1000), 'UTC');
}

export class Histogram {
    // brushed(from, to): ms, or nulls when the brush is taken away
    constructor(host, brushed) {
        this.host = host;
        this.brushed = brushed;
        this.data = null;
        this.zoom = null;
        new ResizeObserver(() => this.resize()).observe(host);
    }

    resize() {
        if (this.plot) {
            this.plot.setSize({ width: this.host.clientWidth, height: this.host.clientHeight });
            this.placeBrush();
        }
    }

    rebuild() {
        this.plot?.destroy();
        this.plot = null;
        this.draw();
    }

    make(data) {
        const bars = uPlot.paths.bars({ size: [0.88, 60], align: 1 });
        const options = {
            width: this.host.clientWidth, height: this.host.clientHeight, tzDate: utc,
            padding: [6, 32, 0, 0], legend: { show: false },
            cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
            scales: { x: { time: true, range: (plot, min, max) => [min, max + this.data.step / 1000] }, y: { range: (_, min, max) => [0, 1.08 * Math.max(1, max)] } },
            axes: [timeAxis(), {
                stroke: color('muted'), font: FONT, size: 44, gap: 4, space: 22,
                grid: { stroke: color('line'), width: 1 }, ticks: { show: false },
                values: (_, ticks) => ticks.map((tick) => (tick >= 1e4 ? `${tick / 1000}k` : Number.isInteger(tick) ? String(tick) : '')),
            }],
            series: [{}, { fill: color('bar-all'), width: 0, paths: bars, points: { show: false } },
                { fill: color('bar'), width: 0, paths: bars, points: { show: false } }],
            hooks: { setSelect: [(plot) => this.selected(plot)], draw: [(plot) => this.drawGaps(plot)] },
        };
        this.plot = new uPlot(options, this.columns(data), this.host);
        this.plot.over.addEventListener('dblclick', () => this.brushed(null, null));
        this.plot.over.addEventListener('pointermove', () => this.tell());
        this.plot.over.addEventListener('pointerleave', () => {
            this.host.title = '';
        });
    }

    tell() {
        const index = this.plot.cursor.idx;
        if (index !== null && index !== undefined && this.data.all[index] !== undefined) {
            const held = this.data.held[index];
            this.host.title = `${clockText(this.data.times[index] * 1000, 3)}: ${held} of ${this.data.all[index]} events. Drag to narrow down.`;
        }
    }

    columns({ times, all, held }) {
        return [times, all, held];
    }

    selected(plot) {
        const { left, width } = plot.select;
        if (this.placing || width < 2) {
            return;
        }
        this.brushed(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000);
    }

    drawGaps(plot) {
        const { ctx } = plot;
        ctx.fillStyle = color('lost');
        for (const time of this.data.gaps) {
            const x = Math.round(plot.valToPos(time, 'x', true));
            ctx.fillRect(x - 1, plot.bbox.top, 2, plot.bbox.height);
        }
    }

    placeBrush() {
        const { plot, zoom } = this;
        this.placing = true;
        if (zoom === null) {
            plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        } else {
            const at = (ms, other) => (ms === null ? other : plot.valToPos(ms / 1000, 'x'));
            const left = Math.max(0, at(zoom.from, 0));
            const right = Math.min(plot.over.clientWidth, at(zoom.to, plot.over.clientWidth));
            plot.setSelect({ left, width: Math.max(0, right - left), top: 0, height: plot.over.clientHeight }, false);
        }
        this.placing = false;
    }

    update(data, zoom) {
        this.data = data;
        this.zoom = zoom;
        this.draw();
    }

    draw() {
        if (this.data === null || this.host.clientWidth === 0) {
            return;
        }
        if (!this.plot) {
            this.make(this.data);
        } else {
            this.plot.setData(this.columns(this.data));
        }
        if (!this.plot.cursor.drag._x && !this.dragging) {
            this.placeBrush();
        }
    }
}

const HUES = [212, 28, 145, 275, 345, 182, 50, 310, 95, 240, 5, 165];

function hue(index, dark) {
    return `hsl(${HUES[index % HUES.length]} ${dark ? '65% 66%' : '60% 42%'})`;
}

export class Lines {
    // title(key): the name of a series; top: the least end of the scale
    constructor(host, title, top) {
        this.host = host;
        this.title = title;
        this.top = top;
        this.keys = '';
        new ResizeObserver(() => this.resize()).observe(host);
    }

    get size() {
        return { width: this.host.clientWidth, height: this.host.clientHeight };
    }

    resize() {
        this.plot?.setSize(this.size);
    }

    rebuild() {
        this.keys = '';
    }

    // { times, series }: as of metrics.js
    update({ times, series }, dark) {
        if (this.host.clientWidth === 0) {
            return;
        }
        const keys = JSON.stringify(series.map(({ key }) => key)) + dark;
        const data = [times, ...series.map(({ values }) => values)];
        if (keys === this.keys) {
            this.plot.setData(data);
            return;
        }
        this.keys = keys;
        this.plot?.destroy();
        const value = (_, number) => (number === null || number === undefined ? '–' : `${number.toFixed(1)} %`);
        this.plot = new uPlot({
            ...this.size, tzDate: utc, padding: [8, 28, 0, 0], legend: { show: false },
            cursor: { drag: { x: true, y: false }, points: { size: 5 } },
            scales: { y: { range: (_, __, max) => [0, Math.max(this.top, Math.ceil((max ?? 0) / 10) * 10)] } },
            axes: [timeAxis(), { stroke: color('muted'), font: FONT, size: 44, gap: 4, space: 28, ticks: { show: false },
                grid: { stroke: color('line'), width: 1 }, values: (_, ticks) => ticks.map((tick) => `${tick} %`) }],
            series: [{}, ...series.map(({ key }, i) => ({
                label: this.title(key), stroke: this.colorOf(key, i, dark), width: key === -1 ? 2 : 1.25,
                value, points: { show: false }, spanGaps: true,
            }))],
        }, data, this.host);
    }

    colorOf(key, index, dark) {
        return key === -1 ? color('text') : hue(typeof key === 'number' ? key : index, dark);
    }
}
