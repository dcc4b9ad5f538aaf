// SPDX-License-Identifier: MIT
// Events as monitors send them, made up: the same for the same number.

const COMPUTERS = ['web1', 'web2', 'db1'];
const TASKS = ['swapper/0', 'nginx', 'postgres', 'kworker/1:2', 'bash', 'sshd', 'etwas-ping', 'systemd'];
const FILES = ['/usr/bin/ls', '/usr/bin/curl', '/usr/sbin/nginx', '/bin/sh', '/usr/lib/postgresql/15/bin/postgres'];
const LEVELS = [[4, 'Information'], [4, 'Information'], [3, 'Warning'], [2, 'Error'], [5, 'Verbose']];

// Numbers without a pattern, but always the same (mulberry32).
function random(seed) {
    let t = (seed + 0x6d2b79f5) | 0;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
}

const pick = (list, number) => list[number % list.length];

function switchEvent(r, i) {
    const prev = r % TASKS.length;
    const next = (r >>> 4) % TASKS.length;
    return ['sched', 'sched_switch', TASKS[prev], 100 + prev, {
        prev_comm: TASKS[prev], prev_pid: 100 + prev, prev_prio: 120, prev_state: pick(['R', 'S', 'D'], r >>> 8),
        next_comm: TASKS[next], next_pid: 100 + next, next_prio: 120 }, i];
}

function wakeEvent(r) {
    return ['sched', 'sched_wakeup', pick(TASKS, r), 100 + (r % 8), { comm: pick(TASKS, r >>> 5), pid: 100 + ((r >>> 5) % 8), prio: 120, target_cpu: r & 3 }];
}

function execEvent(r) {
    return ['sched', 'sched_process_exec', pick(['bash', 'systemd', 'sshd'], r), 4000 + (r % 900), { filename: pick(FILES, r >>> 3), pid: 4000 + (r % 900), old_pid: 4000 + (r % 900) }];
}

function openEvent(r) {
    return ['syscalls', 'sys_enter_openat', pick(TASKS, r), 100 + (r % 8), { dfd: '0xffffff9c', filename: `/etc/${pick(['passwd', 'hosts', 'ssl/openssl.cnf', 'nginx/nginx.conf'], r >>> 4)}`, flags: '0x80000', mode: 0 }];
}

function netEvent(r) {
    return ['net', 'netif_receive_skb', pick(TASKS, r), 100 + (r % 8), { skbaddr: `0x${(0xffff0000 + (r & 0xffff)).toString(16)}`, len: 60 + (r % 1400), name: pick(['eth0', 'lo'], r >>> 3) }];
}

function pingEvent(_, i) {
    return ['Ping', 'Ping', 'etwas-ping', 777, { Number: i, Text: 'ping '.repeat(3).trim() }];
}

function serviceEvent(r) {
    const [value, level] = pick(LEVELS, r);
    return ['Contoso-Orders', pick(['OrderPlaced', 'PaymentDeclined', 'StockLow', 'CacheMiss'], r >>> 4), 'orders', 5120, { OrderId: r % 100000, Amount: (r % 99999) / 100, Customer: `customer-${r % 500}`, Note: pick(['', 'gift', 'express', 'retry after timeout'], r >>> 9) }, value, level];
}

const MAKERS = [switchEvent, switchEvent, switchEvent, wakeEvent, wakeEvent, execEvent, openEvent, netEvent, netEvent, pingEvent, serviceEvent];

function stamp(ms, i) {
    return `${new Date(ms).toISOString().slice(0, -1)}${String(i % 10000).padStart(4, '0')}Z`;
}

// Event number `i` as a JSON object without Id and Computer.
export function makeEvent(i, ms) {
    const r = random(i);
    const maker = MAKERS[r % MAKERS.length];
    const [Provider, EventName, ProcessName, ProcessId, EventData, LevelValue, Level] = maker(r >>> 4, i);
    const levels = maker === serviceEvent ? { Level, LevelValue } : {};
    return { TimeCreated: stamp(ms, i), Provider, EventId: 0, EventName, ...levels, ProcessId, ThreadId: ProcessId,
        ProcessName, Cpu: r & 3, EventData };
}

export function computerOf(i) {
    return pick(COMPUTERS, random(i * 7 + 1));
}

// What `cpu` and `process-cpu` say of one moment.
export function makeUsage(second, ms, cpus = 4) {
    const TimeCreated = stamp(ms, 0);
    const events = [];
    let sum = 0;
    const wave = (cpu) => Math.round(100 * (35 + 30 * Math.sin(second / 9 + cpu * 1.7) + (random(second * 31 + cpu) % 2000) / 100)) / 100;
    for (let cpu = 0; cpu < cpus; cpu++) {
        const Busy = Math.min(100, Math.max(0, wave(cpu)));
        sum += Busy;
        events.push({ TimeCreated, Provider: 'cpu', EventId: 0, EventName: 'Usage', ProcessId: 0, ThreadId: 0, Cpu: cpu,
            EventData: { Cpu: cpu, User: Busy, Nice: 0, System: 0, Idle: 100 - Busy, IoWait: 0, Irq: 0, SoftIrq: 0, Steal: 0, Busy } });
    }
    const Busy = Math.round((100 * sum) / cpus) / 100;
    events.unshift({ TimeCreated, Provider: 'cpu', EventId: 0, EventName: 'Usage', ProcessId: 0, ThreadId: 0, Cpu: 0,
        EventData: { Cpu: -1, User: Busy, Nice: 0, System: 0, Idle: 100 - Busy, IoWait: 0, Irq: 0, SoftIrq: 0, Steal: 0, Busy } });
    ['postgres', 'nginx', 'orders', 'sshd', 'etwas-ping'].forEach((Name, i) => {
        const Cpu = Math.round(100 * Math.max(0, 40 / (i + 1) + 14 * Math.sin(second / (5 + i) + i))) / 100;
        events.push({ TimeCreated, Provider: 'process-cpu', EventId: 0, EventName: 'Usage', ProcessId: 900 + i, ThreadId: 900 + i,
            ProcessName: Name, Cpu: 0, EventData: { ProcessId: 900 + i, Cpu, User: 5, System: 5, Rss: 20819968, Threads: 13, Name } });
    });
    return events;
}
