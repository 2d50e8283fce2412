// Small dumb parts: a field, a notice, a fold, a waiting line.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface FieldProps {
    label: string;
    name: string;
    type?: 'text' | 'password' | 'number';
    value: string;
    onInput: (value: string) => void;
    hint?: ComponentChildren;
    error?: string;
    autocomplete?: string;
    literal?: boolean; // a name: no capital at its start, no spelling
    take?: unknown;    // whenever this is another (and something), the field takes the focus, its text selected
}

export function Field({ label, name, type = 'text', value, onInput, hint, error = '', autocomplete = 'off', literal = false, take }: FieldProps) {
    const id = useId();
    const [shown, setShown] = useState(false);
    const input = useRef<HTMLInputElement>(null);
    useEffect(() => {
        if (error) input.current?.focus();
    }, [error]);
    useEffect(() => {
        if (take) input.current?.select(), input.current?.focus();
    }, [take]);
    const described = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
    return (
        <div class={error ? 'field field-wrong' : 'field'}>
            <label for={id}>{label}</label>
            <div class="field-row">
                <input ref={input} id={id} name={name} type={(type === 'password' && shown ? 'text' : type) as 'text'} value={value} autocomplete={autocomplete}
                    aria-invalid={error ? true : undefined} aria-describedby={described}
                    autocapitalize={literal ? 'none' : undefined} spellcheck={literal ? false : undefined}
                    onInput={(e) => onInput(e.currentTarget.value)} />
                {type === 'password' && (
                    <button type="button" class="quiet" aria-pressed={shown} onClick={() => setShown(!shown)}>{shown ? 'Hide' : 'Show'}</button>
                )}
            </div>
            {error && <p class="field-error" id={`${id}-error`}>{error}</p>}
            {hint && !error && <p class="field-hint" id={`${id}-hint`}>{hint}</p>}
        </div>
    );
}

// A form's button. While the work is on its way it does nothing, but it keeps the focus, which a disabled one loses.
export function Submit({ busy = false, plain = false, children }: { busy?: boolean; plain?: boolean; children: ComponentChildren }) {
    return (
        <button type="submit" class={plain ? undefined : 'primary'} aria-disabled={busy || undefined} onClick={(e) => busy && e.preventDefault()}>{children}</button>
    );
}

interface NoticeProps {
    tone?: 'wrong' | 'plain' | 'good';
    title?: string;
    children?: ComponentChildren;
    action?: { label: string; run: () => void } | undefined;
}

// What went wrong or is worth knowing, with the way on. Wrong ones are announced.
export function Notice({ tone = 'plain', title, children, action }: NoticeProps) {
    return (
        <div class={`notice notice-${tone}`} role={tone === 'wrong' ? 'alert' : undefined}>
            {title && <p class="notice-title">{title}</p>}
            {children && <div>{children}</div>}
            {action && <button type="button" onClick={action.run}>{action.label}</button>}
        </div>
    );
}

// Folded content is made when it is first opened: a conversation can hold megabytes of tool output.
export function Fold({ label, hint, tone = '', children }: { label: string; hint?: string; tone?: string; children: () => ComponentChildren }) {
    const [opened, setOpened] = useState(false);
    return (
        <details class={`fold ${tone}`} onToggle={(e) => e.currentTarget.open && setOpened(true)}>
            <summary><span class="fold-label">{label}</span>{hint && <span class="fold-hint">{hint}</span>}</summary>
            {opened && <div class="fold-body">{children()}</div>}
        </details>
    );
}

// Shown only when waiting is noticeable.
export function Waiting({ what }: { what: string }) {
    const [late, setLate] = useState(false);
    useEffect(() => {
        const timer = setTimeout(() => setLate(true), 250);
        return () => clearTimeout(timer);
    }, []);
    return <p class="waiting" role="status">{late ? `${what} …` : ''}</p>;
}

interface DialogProps {
    title: string;
    kind?: string;
    close: () => void; // it was closed by Escape, or is to be
    children: ComponentChildren;
}

// Closed before it leaves the page, so that the browser gives the focus back to what opened it.
export function Dialog({ title, kind, close, children }: DialogProps) {
    const dialog = useRef<HTMLDialogElement>(null);
    const id = useId();
    useLayoutEffect(() => {
        const shown = dialog.current;
        shown?.showModal();
        return () => shown?.close();
    }, []);
    return (
        <dialog ref={dialog} class={kind} aria-labelledby={id} onClose={close}>
            <h2 id={id}>{title}</h2>
            {children}
        </dialog>
    );
}

interface ConfirmProps {
    title: string;
    children: ComponentChildren;
    yes: string;
    onYes: () => void;
    onNo: () => void;
}

export function Confirm({ title, children, yes, onYes, onNo }: ConfirmProps) {
    return (
        <Dialog title={title} close={onNo}>
            {children}
            <div class="row">
                <button type="button" class="danger" onClick={onYes}>{yes}</button>
                <button type="button" onClick={onNo}>Cancel</button>
            </div>
        </Dialog>
    );
}
