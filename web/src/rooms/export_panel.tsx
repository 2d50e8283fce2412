// What to take out, and in which form. The download is the browser's own: it shows how far it is, and can be cancelled.
import { useEffect, useState } from 'preact/hooks';
import { exportAddress, type ExportForm } from '../model/exports.ts';
import { Dialog } from '../ui/parts.tsx';
import { useApp } from './context.ts';

const FORMS: [ExportForm, string, string][] = [
    ['archive', 'Archive', 'A zip of everything, with pictures, your changes and a list of checksums: what another VIVIM takes in again.'],
    ['markdown', 'Markdown', 'A page for each conversation, for Obsidian and other editors.'],
    ['html', 'HTML', 'Pages for reading and printing in any browser, without VIVIM.'],
    ['jsonl', 'JSON Lines', 'For programs: one conversation a line, without pictures.'],
];

export function ExportPanel({ ids, what, close }: { ids?: string[]; what: string; close: () => void }) {
    const [form, setForm] = useState<ExportForm>('archive');
    const [media, setMedia] = useState(true);
    const [evidence, setEvidence] = useState(false);
    const [size, setSize] = useState<string | null>(null);
    const { exportSize } = useApp();
    const wish = { ...(ids ? { ids } : {}), form, media, evidence };
    useEffect(() => {
        let wanted = true;
        void exportSize(wish).then((said) => wanted && setSize(said));
        return () => void (wanted = false);
    }, [form, media]);
    return (
        <Dialog title={`Export ${what}`} kind="export-panel" close={close}>
            <fieldset class="choices">
                <legend>Form</legend>
                {FORMS.map(([value, label, hint]) => (
                    <label key={value} class="check">
                        <input type="radio" name="form" checked={form === value} onChange={() => setForm(value)} />
                        <span>{label}<br /><span class="small">{hint}</span></span>
                    </label>
                ))}
            </fieldset>
            <p>
                <label class="check"><input type="checkbox" checked={media && form !== 'jsonl'} disabled={form === 'jsonl'} onChange={(e) => setMedia(e.currentTarget.checked)} /> With pictures and files</label>
                <label class="check"><input type="checkbox" checked={evidence && form === 'archive'} disabled={form !== 'archive'} onChange={(e) => setEvidence(e.currentTarget.checked)} /> With what was kept of captures (much larger)</label>
            </p>
            <p class="small" role="status">{size}{size && evidence && form === 'archive' && ' What was kept of captures comes on top.'}</p>
            <div class="row">
                <a class="button primary" href={exportAddress(wish)} download onClick={close}>Download</a>
                <button type="button" onClick={close}>Cancel</button>
            </div>
        </Dialog>
    );
}
