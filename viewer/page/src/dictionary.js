// SPDX-License-Identifier: MIT
// Numbers for the few values that come again and again (providers, computers ...): 0, 1, 2 ...
// in the order of their first appearance. Looked up by bytes, so that no string is made.

const decoder = new TextDecoder();

// A JSON string with its quotes, or another value, as text.
function textOf(bytes) {
    const raw = decoder.decode(bytes);
    if (raw.startsWith('"')) {
        try {
            return JSON.parse(raw);
        } catch {
            return raw;
        }
    }
    return raw === 'null' ? '' : raw;
}

export class Dictionary {
    constructor() {
        this.texts = [''];      // 0: not there
        this.counts = [0];      // events in the buffer; kept by the buffer
        this.byHash = new Map();
        this.byText = new Map([['', 0]]);
    }

    code(bytes, start, end) {
        if (start < 0) {
            return 0;
        }
        let hash = 0x811c9dc5 ^ (end - start);
        for (let i = start; i < end; i++) {
            hash = Math.imul(hash ^ bytes[i], 0x01000193);
        }
        const known = this.byHash.get(hash);
        if (known !== undefined) {
            next: for (const entry of known) {
                if (entry.bytes.length !== end - start) {
                    continue;
                }
                for (let i = 0; i < entry.bytes.length; i++) {
                    if (entry.bytes[i] !== bytes[start + i]) {
                        continue next;
                    }
                }
                return entry.code;
            }
        }
        return this.add(hash, bytes.slice(start, end));
    }

    add(hash, bytes) {
        const text = textOf(bytes);
        let code = this.byText.get(text);   // "A" and "\u0041" are the same
        if (code === undefined) {
            code = this.texts.length;
            this.texts.push(text);
            this.counts.push(0);
            this.byText.set(text, code);
        }
        const entry = { bytes, code };
        const known = this.byHash.get(hash);
        if (known === undefined) {
            this.byHash.set(hash, [entry]);
        } else {
            known.push(entry);
        }
        return code;
    }
}
