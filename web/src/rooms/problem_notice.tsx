// A Problem in words, with the way on. Used wherever something could not be read or done.
import type { Problem } from '../api/problem.ts';
import { Notice } from '../ui/parts.tsx';

function title(problem: Problem): string {
    if (problem.code === 'offline') return 'The server cannot be reached';
    if (problem.status === 429) return 'A moment, please';
    if (problem.status >= 500) return 'The server has a problem';
    return 'That did not work';
}

function advice(problem: Problem): string {
    if (problem.code === 'offline') return 'Check the connection, or whether the server is running. Nothing is lost.';
    const wait = problem.retryAfterSeconds ? ` Try again in ${problem.retryAfterSeconds} seconds.` : '';
    return problem.message + wait;
}

export function ProblemNotice({ problem, retry }: { problem: Problem; retry?: () => void }) {
    return (
        <Notice tone="wrong" title={title(problem)} action={retry ? { label: 'Try again', run: retry } : undefined}>
            <p>{advice(problem)}</p>
            {problem.status >= 500 && problem.requestId && <p class="small">Request {problem.requestId}</p>}
        </Notice>
    );
}
