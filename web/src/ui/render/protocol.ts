// What the page and the rendering worker say to each other. Strings only: the worker has no DOM, and what it
// answers is sanitised on the page before it becomes one.

export type Work =
    | { kind: 'markdown'; text: string }
    | { kind: 'code'; text: string; language: string }
    | { kind: 'math'; text: string; display: boolean };

export type Request = Work & { id: number };
export interface Answer {
    id: number;
    html: string | null; // null: cannot be rendered, the source is shown
}

// Above these the source is shown as it is: rendering would take seconds and nobody reads it formatted.
export const MARKDOWN_MAX = 400_000; // UTF-16 units
export const CODE_MAX = 120_000;
export const MATH_MAX = 8_000;
