// A snippet cut at its highlights: `[start, length]` pairs in Unicode code points, not UTF-16 units.

export interface Segment {
    text: string;
    marked: boolean;
}

export function segments(snippet: string, highlights: readonly (readonly [number, number])[]): Segment[] {
    const points = Array.from(snippet);
    const out: Segment[] = [];
    let from = 0;
    const add = (to: number, marked: boolean) => {
        if (to > from) out.push({ text: points.slice(from, to).join(''), marked });
        from = Math.max(from, to);
    };
    for (const [start, length] of [...highlights].sort((a, b) => a[0] - b[0])) {
        add(Math.min(Math.max(start, from), points.length), false);
        add(Math.min(Math.max(start + length, from), points.length), true);
    }
    add(points.length, false);
    return out;
}
