// SPDX-License-Identifier: MIT
// The rows of a buffer that hold, by position: 0 is the oldest of them. Which ones hold is found
// out bit by bit, newest first, so that the page stays quick while a million rows are judged.
import { compile } from './match.js';

const STEP = 512;
let versions = 0;   // of all views, as blocks remember whose matches they hold

export class View {
    constructor(buffer) {
        this.buffer = buffer;
        this.terms = [];
        this.range = null;
        this.total = 0;
        this.ends = [];     // rows that hold up to the end of each block
        this.pending = false;
        this.setFilter([], null);
    }

    setFilter(terms, range) {
        this.terms = terms;
        this.range = range;
        this.version = ++versions;
        this.everything = terms.length === 0 && range === null;
        this.holds = compile(terms, range, this.buffer);
        this.pending = true;
    }

    get filtered() {
        return !this.everything;
    }

    // Judges rows until `deadline` (of performance.now()). False when all are.
    work(deadline) {
        const { blocks } = this.buffer;
        this.pending = false;
        for (let i = blocks.length - 1; i >= 0; i--) {
            if (!this.judge(blocks[i], deadline)) {
                this.pending = true;
                break;
            }
        }
        this.sum();
        return this.pending;
    }

    judge(block, deadline) {
        if (block.version !== this.version) {
            block.version = this.version;
            block.judged = 0;
            block.matchCount = 0;
        }
        while (block.judged < block.rows) {
            const end = Math.min(block.rows, block.judged + STEP);
            for (let i = block.judged; i < end; i++) {
                if (this.everything || this.holds(block, i)) {
                    block.matches[block.matchCount++] = i;
                }
            }
            block.judged = end;
            if (performance.now() > deadline) {
                return block.judged === block.rows;
            }
        }
        return true;
    }

    sum() {
        const { blocks } = this.buffer;
        this.first = blocks[0];
        this.ends.length = blocks.length;
        let total = 0;
        for (let i = 0; i < blocks.length; i++) {
            // One that still has the matches of another filter has none.
            total += blocks[i].version === this.version ? blocks[i].matchCount : 0;
            this.ends[i] = total;
        }
        this.total = total;
    }

    // Blocks may have come or gone at the old end since the last work().
    sync() {
        if (this.buffer.blocks[0] !== this.first) {
            this.sum();
        }
    }

    // The seq of the row at `position`, or null.
    seqAt(position) {
        this.sync();
        if (!(position >= 0 && position < this.total)) {
            return null;
        }
        let low = 0;
        let high = this.ends.length - 1;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.ends[middle] <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        const block = this.buffer.blocks[low];
        const before = low === 0 ? 0 : this.ends[low - 1];
        return block.first + block.matches[position - before];
    }

    // The position of `seq`, or of the next row that holds.
    positionOf(seq) {
        this.sync();
        const { blocks } = this.buffer;
        let low = 0;
        let high = blocks.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (blocks[middle].first + blocks[middle].rows <= seq) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low >= this.ends.length) {
            return this.total;
        }
        const before = low === 0 ? 0 : this.ends[low - 1];
        const block = blocks[low];
        if (seq <= block.first || block.version !== this.version) {
            return before;
        }
        let from = 0;
        let to = block.matchCount;
        while (from < to) {
            const middle = (from + to) >> 1;
            if (block.matches[middle] < seq - block.first) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return before + from;
    }

    // Calls each(block, index) for every row that holds, oldest first, until it returns false.
    forEach(each) {
        for (const block of this.buffer.blocks) {
            const count = block.version === this.version ? block.matchCount : 0;
            for (let i = 0; i < count; i++) {
                if (each(block, block.matches[i]) === false) {
                    return;
                }
            }
        }
    }
}
