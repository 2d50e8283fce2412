// Taking out what is read: into the clipboard, onto paper. The code for each comes at its first use.
import type { Problem } from '../api/problem.ts';
import type { Message, ReaderModel } from '../model/reader.ts';
import type { Renderer } from '../ui/render/renderer.ts';

interface TakingParts {
    conversationMarkdown: (id: string) => Promise<string | Problem>;
    reader: ReaderModel;
    renderer: Renderer;
    write: (text: string) => Promise<void>; // to the clipboard; rejects where that is not allowed
}

export const COPIED = 'Copied';

export function createTaking({ conversationMarkdown, reader, renderer, write }: TakingParts) {
    return {
        // What to say of it.
        copyConversation: async (id: string): Promise<string> => {
            const text = await conversationMarkdown(id);
            if (typeof text !== 'string') return text.message;
            return write(text).then(() => COPIED, () => 'Not allowed');
        },
        copyMessage: async (message: Message): Promise<boolean> => {
            const { messageMarkdown } = await import('../model/message_markdown.ts');
            return write(messageMarkdown(message)).then(() => true, () => false);
        },
        print: async (): Promise<void> => {
            const { printAll } = await import('../ui/print.ts');
            for (let before = -1; !reader.store.getState().complete && reader.store.getState().messages.length > before;) {
                before = reader.store.getState().messages.length;
                await reader.more();
            }
            await printAll(renderer);
        },
    };
}
