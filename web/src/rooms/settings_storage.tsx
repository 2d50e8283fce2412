// What the archive takes, by kind; and the trash.
import { useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import type { Used } from '../model/storage.ts';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';

const size = (bytes: number): string => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

export function StorageUsed() {
    const { storage } = useApp();
    const [used, setUsed] = useState<Used | null>(null);
    const [problem, setProblem] = useState<Problem | null>(null);
    const show = async () => {
        const read = await storage.read();
        setProblem(read.problem);
        if (read.used) setUsed(read.used);
    };
    const restore = async (id: string) => {
        const failed = await storage.restore(id);
        setProblem(failed);
        if (!failed) await show();
    };
    return (
        <section aria-labelledby="storage">
            <h2 id="storage">Storage</h2>
            <p><a href="/imports">Import an export or files</a></p>
            {!used && <button type="button" onClick={() => void show()}>Show what the archive takes</button>}
            {used && (
                <table>
                    <thead><tr><th>Kind</th><th>Pieces</th><th>Size</th></tr></thead>
                    <tbody>{used.kinds.map((k) => <tr key={k.kind}><td>{k.kind}</td><td>{k.count.toLocaleString()}</td><td>{size(k.bytes)}</td></tr>)}</tbody>
                </table>
            )}
            {used && used.trash.length > 0 && <h3>In the trash</h3>}
            {used?.trash.map((c) => (
                <div class="access-row" key={c.id}>
                    <span class="row-main"><span>{c.title ?? '(untitled)'}</span><span class="row-meta">{c.message_count} messages</span></span>
                    <button type="button" onClick={() => void restore(c.id)}>Take it back</button>
                </div>
            ))}
            {problem && <ProblemNotice problem={problem} />}
        </section>
    );
}
