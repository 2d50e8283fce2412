// One message: who speaks, where it stands, its blocks.
import { useState } from 'preact/hooks';
import { ANY_HOST, providerName } from '../model/provider.ts';
import type { Message } from '../model/reader.ts';
import { exact } from '../model/time.ts';
import type { Renderer } from '../ui/render/renderer.ts';
import { useApp } from './context.ts';
import { MessageBlocks } from './message_blocks.tsx';

export function speaker(message: Message, provider: string): string {
    if (message.author) return message.author;
    switch (message.role) {
    case 'user': return 'User';
    case 'assistant': return provider === ANY_HOST ? 'Answer' : providerName(provider);
    case 'system': return 'System';
    default: return 'Tool';
    }
}

const SAID_MS = 1_500;

function CopyMessage({ message, name }: { message: Message; name: string }) {
    const { copyMessage } = useApp();
    const [said, setSaid] = useState('');
    const copy = async () => {
        setSaid((await copyMessage(message)) ? 'Copied' : 'Not allowed');
        setTimeout(() => setSaid(''), SAID_MS);
    };
    return <button type="button" class="copy copy-message" aria-label={said || `Copy this message of ${name} as Markdown`} onClick={() => void copy()}>{said || 'Copy'}</button>;
}

interface MessageProps {
    message: Message;
    provider: string;
    conversationId: string;
    number: number | null; // of the question, null for everything else
    continued: boolean;    // the same speaker goes on
    renderer: Renderer;
}

export function MessageView({ message, provider, conversationId, number, continued, renderer }: MessageProps) {
    const name = speaker(message, provider);
    const aside = [message.hidden && 'hidden', !message.on_path && 'other branch'].filter(Boolean).join(', ');
    const label = `m-${message.id}-label`;
    const quiet = continued && !aside ? 'visually-hidden' : '';
    return (
        <article id={`m-${message.id}`} class={`message message-${message.role}${continued ? ' continued' : ''}${aside ? ' message-aside' : ''}`}
            tabIndex={-1} aria-labelledby={label}>
            <header class={quiet ? 'message-head-quiet' : 'message-head'}>
                <h2 id={label} class={quiet}>{number !== null && <span class="question-number">{number}</span>}{name}</h2>
                {aside && <span class="badge">{aside}</span>}
                {!quiet && <CopyMessage message={message} name={name} />}
                <a class={`permalink ${quiet}`} href={`#m-${message.id}`} aria-label={`Link to this message of ${name}`} title={exact(message.created_at) || undefined}>#</a>
            </header>
            <div class="message-body">
                <MessageBlocks message={message} conversationId={conversationId} renderer={renderer} />
            </div>
        </article>
    );
}
