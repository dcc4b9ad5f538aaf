// SPDX-License-Identifier: MIT
// What the charts show, from the events `cpu` and `process-cpu` in the buffer. Each block keeps
// what was read from it, so that only new rows are taken apart.

const KINDS = new Map([['cpu', 'cpu'], ['process-cpu', 'process']]);
const MOST_POINTS = 1800;
const MOST_PROCESSES = 8;

function sampleOf(kind, row) {
    const value = Number(row.field(kind === 'cpu' ? 'Busy' : 'Cpu'));
    if (!Number.isFinite(value) || !Number.isFinite(row.time)) {
        return null;
    }
    const key = kind === 'cpu' ? Number(row.field('Cpu')) : `${row.field('Name').slice(0, 40)} (${row.field('ProcessId')})`;
    return { kind, key, value, time: Math.round(row.time), computer: row.get('Computer') };
}

// Reads what was not read yet until `deadline`; false when all was.
export function readSamples(buffer, deadline) {
    for (const block of buffer.blocks) {
        block.samples ??= [];
        for (; block.sampled < block.rows; block.sampled++) {
            const kind = KINDS.get(buffer.dictionaries.provider.texts[block.provider[block.sampled]]);
            if (kind === undefined) {
                continue;
            }
            const sample = sampleOf(kind, buffer.parse(block, block.sampled));
            if (sample !== null) {
                block.samples.push(sample);
            }
            if (performance.now() > deadline) {
                block.sampled++;
                return true;
            }
        }
    }
    return false;
}

function samplesOf(buffer, kind, computer) {
    const samples = [];
    for (const block of buffer.blocks) {
        for (const sample of block.samples ?? []) {
            if (sample.kind === kind && sample.computer === computer) {
                samples.push(sample);
            }
        }
    }
    return samples;
}

export function computersWith(buffer) {
    const names = new Set();
    for (const block of buffer.blocks) {
        for (const sample of block.samples ?? []) {
            names.add(sample.computer);
        }
    }
    return [...names].sort();
}

// { times (s), series: [{ key, values }] }; `missing` is what a series has where it says nothing.
function align(samples, keys, missing) {
    const times = [...new Set(samples.map((sample) => sample.time))].sort((a, b) => a - b).slice(-MOST_POINTS);
    const indexOf = new Map(times.map((time, i) => [time, i]));
    const series = new Map(keys.map((key) => [key, new Array(times.length).fill(missing)]));
    for (const { time, key, value } of samples) {
        const index = indexOf.get(time);
        if (index !== undefined && series.has(key)) {
            series.get(key)[index] = value;
        }
    }
    return { times: times.map((time) => time / 1000), series: keys.map((key) => ({ key, values: series.get(key) })) };
}

// -1 is all CPUs together.
export function cpuSeries(buffer, computer) {
    const samples = samplesOf(buffer, 'cpu', computer);
    const keys = [...new Set(samples.map((sample) => sample.key))].filter(Number.isInteger).sort((a, b) => a - b);
    return align(samples, keys.slice(0, 257), null);
}

// The processes that used most.
export function processSeries(buffer, computer) {
    const samples = samplesOf(buffer, 'process', computer);
    const sums = new Map();
    for (const { key, value } of samples) {
        sums.set(key, (sums.get(key) ?? 0) + value);
    }
    const keys = [...sums].sort((a, b) => b[1] - a[1]).slice(0, MOST_PROCESSES).map(([key]) => key);
    return align(samples, keys, 0);
}

// Events by time: { step (ms), times (s), all, held, gaps (s) } for at most `most` bars.
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5,
    36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5, 2592e6, 7776e6, 31536e6];

export function countByTime(buffer, view, most) {
    let earliest = Infinity;
    let latest = -Infinity;
    for (const block of buffer.blocks) {
        earliest = Math.min(earliest, block.earliest);
        latest = Math.max(latest, block.latest);
    }
    if (!(latest >= earliest)) {
        return null;
    }
    const step = STEPS.find((candidate) => (latest - earliest) / candidate <= most) ?? (latest - earliest) / most;
    const first = Math.floor(earliest / step);
    const bars = Math.floor(latest / step) - first + 1;
    const all = new Array(bars).fill(0);
    const held = new Array(bars).fill(0);
    const gaps = [];
    for (const block of buffer.blocks) {
        for (let i = 0; i < block.rows; i++) {
            const bar = Math.floor(block.times[i] / step) - first;
            if (bar >= 0) {
                all[bar]++;
            }
            if (block.gaps[i] !== 0 && gaps.length < 500) {
                gaps.push(block.times[i] / 1000);
            }
        }
    }
    if (view.filtered) {
        view.forEach((block, i) => {
            const bar = Math.floor(block.times[i] / step) - first;
            if (bar >= 0) {
                held[bar]++;
            }
        });
    }
    const times = all.map((_, bar) => ((first + bar) * step) / 1000);
    return { step, times, all, held: view.filtered ? held : all, gaps };
}
