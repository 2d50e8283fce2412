// Filters with what each would leave: beside the results where there is room, else folded above them.
import { providerName } from '../model/provider.ts';
import { WHEN, type Filter, type Question } from '../model/question.ts';
import type { Facet } from '../model/search.ts';
import { calendar, count } from '../model/time.ts';

const NAMES: [Filter, string][] = [['provider', 'Provider'], ['role', 'Said by'], ['has', 'With'], ['language', 'Language'], ['is', 'Whose'], ['kind', 'What']];
const VALUES: Partial<Record<Filter, Record<string, string>>> = {
    role: { user: 'User', assistant: 'Assistant', tool: 'Tool output', system: 'System' },
    has: { code: 'Code', image: 'Pictures', link: 'Links', file: 'Files', math: 'Formulas', table: 'Tables', tool: 'Tools', thinking: 'Thinking' },
    is: { mine: 'Mine', shared: 'Shared with me' },
    kind: { message: 'Messages', conversation: 'Titles' },
    when: { week: 'Past week', month: 'Past 30 days', year: 'Past year' },
};
const SHOWN_MAX = 8;
const languages = new Intl.DisplayNames(undefined, { type: 'language', fallback: 'code' });

function languageOf(code: string): string {
    try {
        return languages.of(code) ?? code;
    } catch {
        return code; // no language tag
    }
}

function nameOf(filter: Filter, value: string): string {
    if (filter === 'provider') return providerName(value);
    if (filter === 'language') return languageOf(value);
    return VALUES[filter]?.[value] ?? (filter === 'when' ? calendar(value) : value);
}

interface FiltersProps {
    question: Question;
    facets: Facet[];
    inTitle: string; // of the conversation that is searched alone
    choose: (filter: Filter, value: string) => void;
    clear: () => void;
}

// The value that is on is shown even where nothing has it: it can be taken off again.
function valuesOf(facets: Facet[], name: string, on: string | undefined) {
    const values = [...(facets.find((f) => f.name === name)?.values ?? [])];
    if (name !== 'date') values.sort((a, b) => b.count - a.count);
    const shown = values.slice(0, SHOWN_MAX);
    return on && !shown.some((v) => v.value === on) ? [{ value: on, count: 0 }, ...shown] : shown;
}

function Choices({ question, facets, inTitle, choose, clear }: FiltersProps) {
    const { by } = question;
    const chip = (filter: Filter, value: string, name = nameOf(filter, value), number?: number) => (
        <li key={value}>
            <button type="button" class="facet" aria-pressed={by[filter] === value} onClick={() => choose(filter, value)}>
                <span>{name}</span>{!!number && <span class="facet-count">{number.toLocaleString()}</span>}
            </button>
        </li>
    );
    const date = by.when && by.when in WHEN ? undefined : by.when;
    const inside = valuesOf(facets, 'date', undefined); // of a year its months, of a month its days
    const dates = inside.length > 1 ? valuesOf(facets, 'date', date) : date ? [{ value: date, count: inside[0]?.count ?? 0 }] : [];
    return (
        <>
            {by.in && <section aria-label="Conversation"><h3>Only in</h3><ul class="plain-list">{chip('in', by.in, inTitle || 'one conversation')}</ul></section>}
            {NAMES.map(([filter, name]) => {
                const values = valuesOf(facets, filter, by[filter]);
                return (values.length > 1 || by[filter]) && (
                    <section key={filter} aria-label={name}><h3>{name}</h3><ul class="plain-list">{values.map((v) => chip(filter, v.value, undefined, v.count))}</ul></section>
                );
            })}
            <section aria-label="When">
                <h3>When</h3>
                <ul class="plain-list">{dates.map((v) => chip('when', v.value, undefined, v.count))}{Object.keys(WHEN).map((value) => chip('when', value))}</ul>
            </section>
            {Object.keys(by).length > 0 && <button type="button" class="quiet facet-clear" onClick={clear}>Take all filters off</button>}
        </>
    );
}

export function Filters(props: FiltersProps) {
    const on = Object.keys(props.question.by).length;
    return (
        <>
            <aside class="filters filters-wide" aria-label="Filters"><Choices {...props} /></aside>
            <details class="filters filters-narrow fold fold-quiet">
                <summary><span class="fold-label">Filters</span>{on > 0 && <span class="fold-hint">{count(on, 'filter')} on</span>}</summary>
                <div class="fold-body"><Choices {...props} /></div>
            </details>
        </>
    );
}
