// Where an export is had: the address alone, for the browser downloads it itself, however large it is.
import { toProblem, type Problem } from '../api/problem.ts';
import { address, type Client } from '../api/client.ts';
import { size } from './size.ts';
import { count } from './time.ts';

export type ExportForm = 'archive' | 'markdown' | 'html' | 'jsonl';

export interface ExportWish {
    ids?: string[]; // else all that one owns
    form: ExportForm;
    media: boolean;
    evidence: boolean;
}

export const EXPORT_IDS_MAX = 200; // as the server has it: what an address holds

const queryOf = ({ ids, form, media, evidence }: ExportWish) => ({
    form, ...(ids ? { ids: ids.join(',') } : { all: true }), ...(media ? {} : { media: 'none' }),
    ...(evidence && form === 'archive' ? { evidence: true } : {}),
});

export const exportAddress = (wish: ExportWish): string => address('GET /api/v1/exports', { query: queryOf(wish) }).url;

// In words, from what the server estimates; null where it cannot say.
export async function exportSize(client: Client, wish: ExportWish): Promise<string | null> {
    try {
        const { conversations, media, bytes } = await client.call('GET /api/v1/exports/size', { query: queryOf(wish) });
        const files = wish.media && wish.form !== 'jsonl' && media.count ? `, ${count(media.count, 'picture or file', 'pictures and files')}` : '';
        return `About ${size(bytes)}: ${count(conversations, 'conversation')}${files}. Estimated from what is stored.`;
    } catch {
        return null;
    }
}

// The conversation as one Markdown page.
export async function conversationMarkdown(client: Client, id: string): Promise<string | Problem> {
    try {
        return String(await client.text('GET /api/v1/exports', { query: { form: 'markdown', media: 'none', ids: id } }));
    } catch (error) {
        return toProblem(error);
    }
}
