// What the archive takes, by kind and by import; and the trash.
import { useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import { size } from '../model/size.ts';
import type { Used } from '../model/storage.ts';
import { day } from '../model/time.ts';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';

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
            {used && used.imports.length > 0 && (
                <table>
                    <caption>Of what imports brought</caption>
                    <thead><tr><th>Import</th><th>Conversations</th><th>Text</th><th>Pictures and files</th></tr></thead>
                    <tbody>{used.imports.map((i) => (
                        <tr key={i.id}>
                            <td>{i.label}, <time dateTime={i.created_at}>{day(i.created_at)}</time></td>
                            <td>{i.conversations.toLocaleString()}</td><td>{size(i.text_bytes)}</td><td>{size(i.media_bytes)}</td>
                        </tr>
                    ))}</tbody>
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
