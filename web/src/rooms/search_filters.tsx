// Filters with what each would leave: beside the results where there is room, else folded above them.
import { providerName } from '../model/provider.ts';
import { WHEN, type Filter, type Question } from '../model/question.ts';
import type { Facet } from '../model/search.ts';
import { count } from '../model/time.ts';

const NAMES: [Filter, string][] = [['provider', 'Provider'], ['role', 'Said by'], ['language', 'Language'], ['kind', 'What']];
const ROLES: Record<string, string> = { user: 'User', assistant: 'Assistant', tool: 'Tool output', system: 'System' };
const KINDS: Record<string, string> = { message: 'Messages', conversation: 'Titles' };
const WHENS: Record<keyof typeof WHEN, string> = { week: 'Past week', month: 'Past 30 days', year: 'Past year' };
const languages = new Intl.DisplayNames(undefined, { type: 'language', fallback: 'code' });

function nameOf(filter: Filter, value: string): string {
    switch (filter) {
    case 'provider': return providerName(value);
    case 'role': return ROLES[value] ?? value;
    case 'kind': return KINDS[value] ?? value;
    case 'language': try {
        return languages.of(value) ?? value;
    } catch {
        return value; // no language tag
    }
    default: return value;
    }
}

interface FiltersProps {
    question: Question;
    facets: Facet[];
    inTitle: string; // of the conversation that is searched alone
    choose: (filter: Filter, value: string) => void;
}

function Choices({ question, facets, inTitle, choose }: FiltersProps) {
    const chip = (filter: Filter, value: string, name: string, number?: number) => (
        <li key={value}>
            <button type="button" class="facet" aria-pressed={question.by[filter] === value} onClick={() => choose(filter, value)}>
                <span>{name}</span>{number !== undefined && <span class="facet-count">{number.toLocaleString()}</span>}
            </button>
        </li>
    );
    const shown = NAMES.map(([filter, name]) => {
        const values = [...(facets.find((f) => f.name === filter)?.values ?? [])].sort((a, b) => b.count - a.count);
        const on = question.by[filter];
        return { filter, name, values: on && !values.some((v) => v.value === on) ? [...values, { value: on, count: 0 }] : values };
    });
    return (
        <>
            {question.by.in && <section aria-label="Conversation"><h3>Only in</h3><ul class="plain-list">{chip('in', question.by.in, inTitle || 'one conversation')}</ul></section>}
            {shown.map(({ filter, name, values }) => (values.length > 1 || question.by[filter]) && (
                <section key={filter} aria-label={name}><h3>{name}</h3><ul class="plain-list">{values.map((v) => chip(filter, v.value, nameOf(filter, v.value), v.count || undefined))}</ul></section>
            ))}
            <section aria-label="When"><h3>When</h3><ul class="plain-list">{Object.entries(WHENS).map(([value, name]) => chip('when', value, name))}</ul></section>
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
