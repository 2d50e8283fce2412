// What was found, by conversation: the best places of each, and why.
import { segments } from '../model/highlights.ts';
import { providerName } from '../model/provider.ts';
import type { Question } from '../model/question.ts';
import { reasons } from '../model/reasons.ts';
import { hrefOf } from '../model/route.ts';
import type { Group, Hit } from '../model/search.ts';
import { count, day, exact } from '../model/time.ts';
import { useApp } from './context.ts';

const KIND: Record<string, string> = { conversation: 'Title', message: '' };

// Where its words stand, where nobody said them.
const ASIDE: Record<string, string> = { thinking: 'in its thinking', tool: 'in the output of a tool' };

function whoOf(hit: Hit): string {
    if (hit.author) return hit.author;
    switch (hit.role) {
    case 'user': return 'User';
    case 'assistant': return providerName(hit.provider);
    case 'tool': return 'Tool output';
    case 'system': return 'System';
    default: return KIND[hit.kind] ?? hit.kind;
    }
}

const Marked = ({ hit }: { hit: Hit }) => <>{segments(hit.snippet, hit.highlights).map((s, i) => (s.marked ? <mark key={i}>{s.text}</mark> : s.text))}</>;

function HitRow({ hit, answered }: { hit: Hit; answered: Question }) {
    const { search, searches } = useApp();
    const key = `${hit.kind} ${hit.id}`;
    const why = reasons(hit);
    const open = () => {
        search.open(key);
        history.replaceState({ ...history.state, opened: key }, ''); // for the way back after the page was loaded anew
        searches.used(answered);
    };
    return (
        <li>
            <a class="hit" data-key={key} href={hrefOf({ name: 'conversation', id: hit.conversation_id ?? hit.id, messageId: hit.message_id ?? '', q: answered.q })} onClick={open}>
                <span class="hit-head">
                    <span class="hit-who">{whoOf(hit)}</span>
                    {hit.found_in && <span class="hit-aside">{ASIDE[hit.found_in]}</span>}
                    {hit.created_at && <time dateTime={hit.created_at} title={exact(hit.created_at)}>{day(hit.created_at)}</time>}
                </span>
                <span class={`hit-snippet${hit.highlights.length ? '' : ' hit-beside'}`}><Marked hit={hit} /></span>
                {why.length > 0 && <span class="hit-why"><span class="visually-hidden">Found by: </span>{why.join(' · ')}</span>}
            </a>
        </li>
    );
}

function GroupView({ group, answered, only }: { group: Group; answered: Question; only: (id: string) => void }) {
    const [first] = group.hits;
    const title = group.title || 'Untitled';
    // The title itself was found: it is marked where it stands, and said again only where there is nothing else.
    const named = group.hits.length > 1 ? group.hits.find((hit) => hit.kind === 'conversation' && hit.snippet === title) : undefined;
    const heading = named ? <Marked hit={named} /> : title;
    const more = group.count - group.hits.length;
    return (
        <li class="group">
            <div class="group-head">
                <span class={`provider provider-${group.provider || 'none'}`} aria-hidden="true" />
                <h2>{group.conversation ? <a href={hrefOf({ name: 'conversation', id: group.conversation, messageId: '', q: answered.q })}>{heading}</a> : heading}</h2>
                <span class="row-meta">{[group.provider && providerName(group.provider), first?.shared_by && `from ${first.shared_by}`].filter(Boolean).join(' · ')}</span>
            </div>
            <ul class="plain-list">{group.hits.filter((hit) => hit !== named).map((hit) => <HitRow key={`${hit.kind} ${hit.id}`} hit={hit} answered={answered} />)}</ul>
            {more > 0 && group.conversation && (
                <button type="button" class="quiet group-more" onClick={() => only(group.conversation)}>{count(more, 'more place')} here<span class="visually-hidden">, in {title}</span></button>
            )}
        </li>
    );
}

interface ResultsProps {
    groups: Group[];
    answered: Question;
    stale: boolean;
    onKeyDown: (event: KeyboardEvent) => void;
    only: (conversation: string) => void;
}

export function Results({ groups, answered, stale, onKeyDown, only }: ResultsProps) {
    return (
        <ol class={`plain-list hits${stale ? ' stale' : ''}`} aria-label="Results" onKeyDown={onKeyDown}>
            {groups.map((group) => <GroupView key={group.key} group={group} answered={answered} only={only} />)}
        </ol>
    );
}
