// Before anything is typed: how to ask, what was searched for last, what was saved.
import { ASK, FILTERS, type Question } from '../model/question.ts';
import { hrefOf } from '../model/route.ts';
import { count } from '../model/time.ts';
import { useStore } from '../ui/hooks.ts';
import { CrossIcon } from '../ui/icons.tsx';
import { useApp } from './context.ts';

const EXAMPLES: [string, string][] = [
    ['"group commit"', 'these words in a row'], ['-draft', 'without this word'], ['data*', 'words that begin so'], ['tea OR coffee', 'one of them'],
    ['in:"my trip"', 'where the title has it'], ['role:user', 'only questions'], ['has:code', 'also image, link, file'],
    ['during:"last March"', 'from that time'], ['is:shared', 'what others share'],
];

function Kept({ name, list, remove }: { name: string; list: Question[]; remove?: (question: Question) => void }) {
    if (!list.length) return null;
    return (
        <section class="kept" aria-label={name}>
            <h2 class="shelf-name">{name}</h2>
            <ul class="plain-list">
                {list.map((question) => {
                    const filters = FILTERS.filter((f) => question.by[f]).length;
                    const more = [filters && count(filters, 'filter'), question.newest && 'newest first'].filter(Boolean).join(', ');
                    const href = hrefOf({ name: 'search', question });
                    return (
                        <li key={href}>
                            <a href={href}>{question.q}{more && <span class="small"> {more}</span>}</a>
                            {remove && <button type="button" class="bar-button" aria-label={`Remove ${question.q}`} onClick={() => remove(question)}><CrossIcon /></button>}
                        </li>
                    );
                })}
            </ul>
        </section>
    );
}

export function SearchStart({ choose }: { choose: (question: Question) => void }) {
    const { searches } = useApp();
    const { recent, saved } = useStore(searches.store, (s) => s);
    return (
        <div class="search-start">
            <Kept name="Saved" list={saved} remove={searches.toggle} />
            <Kept name="Searched for last" list={recent} />
            {recent.length > 0 && <button type="button" class="quiet" onClick={searches.forgetRecent}>Forget these</button>}
            <div class="hints">
                <p>Write what you remember, in your own words and any language. Not every word has to be right. Also:</p>
                <ul>{EXAMPLES.map(([example, what]) => <li key={example}><button type="button" class="chip" onClick={() => choose({ ...ASK, q: example })}><code>{example}</code></button><span>{what}</span></li>)}</ul>
            </div>
        </div>
    );
}
