// TeX within Markdown, as assistants write it: \( … \), \[ … \], $ … $ and $$ … $$ inside a paragraph.
//
// A lone dollar is money more often than mathematics, so `$` counts only as pandoc has it: no space after the opening one,
// none before the closing one, no digit after it. (pandoc manual, extension tex_math_dollars)
import type { Code, Construct, Effects, Extension, HtmlExtension, State, TokenizeContext } from 'micromark-util-types';

declare module 'micromark-util-types' {
    interface TokenTypeMap {
        vivimMath: 'vivimMath';
        vivimMathMark: 'vivimMathMark';
        vivimMathData: 'vivimMathData';
    }
}

const DOLLAR = 36, BACKSLASH = 92, PAREN = 40, BRACKET = 91;
const SPACE = 32, DIGIT_0 = 48, DIGIT_9 = 57;
const LENGTH_MAX = 4_000; // code units: how far a mark looks for its other half; keeps hostile text linear

const isEnding = (code: Code): boolean => code !== null && code < -2; // micromark: CR, LF, CRLF
const isSpace = (code: Code): boolean => code === SPACE || (code !== null && code < 0);

// `closer` is the second character of the closing mark, null for dollars.
function tokenizeWith(first: number): Construct['tokenize'] {
    return function (this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
        let size = 0;              // of the opening dollars
        let closer: number | null = null;
        let last: Code = null;     // the character before the one looked at
        let seen = 0;
        return start;

        function start(code: Code): State | undefined {
            effects.enter('vivimMath');
            effects.enter('vivimMathMark');
            effects.consume(code);
            return first === DOLLAR ? dollars : opening;
        }

        function opening(code: Code): State | undefined {
            if (code !== PAREN && code !== BRACKET) return nok(code);
            closer = code === PAREN ? 41 : 93;
            effects.consume(code);
            effects.exit('vivimMathMark');
            return between;
        }

        function dollars(code: Code): State | undefined {
            size++;
            if (code === DOLLAR && size < 2) {
                effects.consume(code);
                return dollars;
            }
            if (size === 1 && isSpace(code)) return nok(code);
            effects.exit('vivimMathMark');
            return between(code);
        }

        function between(code: Code): State | undefined {
            if (code === null || seen > LENGTH_MAX) return nok(code);
            if (isEnding(code)) {
                effects.enter('lineEnding');
                effects.consume(code);
                effects.exit('lineEnding');
                last = SPACE;
                return between;
            }
            if (code === (first === DOLLAR ? DOLLAR : BACKSLASH)) {
                effects.enter('vivimMathMark');
                effects.consume(code);
                return first === DOLLAR ? closingDollars(1) : closing;
            }
            effects.enter('vivimMathData');
            return data(code);
        }

        function data(code: Code): State | undefined {
            const stop = code === null || isEnding(code) || seen > LENGTH_MAX || (first === DOLLAR ? code === DOLLAR && last !== BACKSLASH : code === BACKSLASH);
            if (stop) {
                effects.exit('vivimMathData');
                return between(code);
            }
            last = code;
            seen++;
            effects.consume(code);
            return data;
        }

        // After a backslash: the other half, or TeX that goes on.
        function closing(code: Code): State | undefined {
            if (code === closer && seen > 0) {
                effects.consume(code);
                effects.exit('vivimMathMark');
                effects.exit('vivimMath');
                return ok;
            }
            // Another opening: this one was none. It also keeps a text of nothing but openings linear.
            return code === PAREN || code === BRACKET ? nok(code) : notClosing(code);
        }

        function closingDollars(count: number): State {
            return function (code: Code): State | undefined {
                if (code === DOLLAR && count < size) {
                    effects.consume(code);
                    return closingDollars(count + 1);
                }
                const money = size === 1 && (isSpace(last) || (code !== null && code >= DIGIT_0 && code <= DIGIT_9) || code === DOLLAR);
                if (count === size && !money && seen > 0) {
                    effects.exit('vivimMathMark');
                    effects.exit('vivimMath');
                    return ok(code);
                }
                if (size === 1) return nok(code);
                return notClosing(code);
            };
        }

        // The mark just read was none: it is part of the formula.
        function notClosing(code: Code): State | undefined {
            effects.exit('vivimMathMark').type = 'vivimMathData';
            last = null;
            seen++;
            if (code === null || isEnding(code)) return between(code);
            effects.enter('vivimMathData');
            // The character after a backslash belongs to it (\\ does not begin a closing mark).
            seen++;
            effects.consume(code);
            return data;
        }
    };
}

const dollarMath: Construct = { name: 'vivimMath', tokenize: tokenizeWith(DOLLAR), previous: (code) => code !== BACKSLASH && code !== DOLLAR };
const backslashMath: Construct = { name: 'vivimMath', tokenize: tokenizeWith(BACKSLASH), previous: (code) => code !== BACKSLASH };

export const mathSyntax: Extension = { text: { [DOLLAR]: dollarMath, [BACKSLASH]: backslashMath } };

// `render` gives HTML for a formula; display: it was \[ or $$.
export function mathHtml(render: (tex: string, display: boolean) => string): HtmlExtension {
    let display = false;
    let marks = 0;
    return {
        enter: {
            vivimMath() {
                this.buffer();
                marks = 0;
            },
        },
        exit: {
            vivimMathMark(token) {
                if (marks++ === 0) display = /\$\$|\\\[/.test(this.sliceSerialize(token));
            },
            vivimMathData(token) {
                this.raw(this.sliceSerialize(token));
            },
            vivimMath() {
                this.raw(render(this.resume().trim(), display));
            },
        },
    };
}
