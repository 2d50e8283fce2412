// A client over the data folder's Unix socket, as our own commands are: no rate limits. A call rejects when the server goes.
import { Agent, request } from 'node:http';
import { join } from 'node:path';

export function localClient(server, headers) {
    const agent = new Agent({ keepAlive: true });
    const socketPath = join(server.data, 'vivim.sock');
    const ask = (method, path, body) => new Promise((resolve, reject) => {
        const type = body === undefined ? {} : { 'content-type': 'application/json' };
        const rq = request({ socketPath, agent, method, path, headers: { ...headers, ...type } }, resolve);
        rq.on('error', reject);
        rq.end(body === undefined ? undefined : JSON.stringify(body));
    });
    return {
        async json(method, path, body) {
            const answer = await ask(method, path, body);
            let text = '';
            for await (const chunk of answer.setEncoding('utf8')) text += chunk;
            return { status: answer.statusCode, body: text ? JSON.parse(text) : null };
        },
        // The data of each server-sent event, until the stream ends.
        async *events(path) {
            let text = '';
            for await (const chunk of (await ask('GET', path)).setEncoding('utf8')) {
                const events = (text + chunk).split('\n\n');
                text = events.pop();
                for (const event of events) {
                    const data = /^data: (.*)$/m.exec(event);
                    if (data) yield JSON.parse(data[1]);
                }
            }
        },
        close: () => agent.destroy(),
    };
}
