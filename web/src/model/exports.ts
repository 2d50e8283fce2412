// Where an export is had: the address alone, for the browser downloads it itself, however large it is.
import { toProblem, type Problem } from '../api/problem.ts';
import { address, type Client } from '../api/client.ts';

export type ExportForm = 'archive' | 'markdown' | 'html' | 'jsonl';

export interface ExportWish {
    ids?: string[]; // else all that one owns
    form: ExportForm;
    media: boolean;
    evidence: boolean;
}

export const EXPORT_IDS_MAX = 200; // as the server has it: what an address holds

export function exportAddress({ ids, form, media, evidence }: ExportWish): string {
    const query = {
        form, ...(ids ? { ids: ids.join(',') } : { all: true }), ...(media ? {} : { media: 'none' }),
        ...(evidence && form === 'archive' ? { evidence: true } : {}),
    };
    return address('GET /api/v1/exports', { query }).url;
}

// The conversation as one Markdown page.
export async function conversationMarkdown(client: Client, id: string): Promise<string | Problem> {
    try {
        return String(await client.text('GET /api/v1/exports', { query: { form: 'markdown', media: 'none', ids: id } }));
    } catch (error) {
        return toProblem(error);
    }
}
