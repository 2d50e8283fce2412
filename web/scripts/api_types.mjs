// Types of the API from the server's own description, so that nothing is written twice.
//
//   node web/scripts/api_types.mjs [--check] FILE|URL    (an /openapi.json, stored or served)
//
// Writes web/src/api/types.ts; with --check it only compares and fails where they differ.
// Our own hundred lines and not a library: what comes out is a tenth as long and is read as it stands.
import { readFile, writeFile } from 'node:fs/promises';

const OUT = new URL('../src/api/types.ts', import.meta.url);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const union = (parts) => [...new Set(parts)].join(' | ') || 'never';
const many = (item) => (/^[^{]*[|&]/.test(item) ? `(${item})[]` : `${item}[]`);

function objectType(schema, indent) {
    const required = new Set(schema.required ?? []);
    const fields = Object.entries(schema.properties ?? {}).map(([name, value]) =>
        `${indent}    ${key(name)}${required.has(name) ? '' : '?'}: ${typeOf(value, indent + '    ')};`);
    const open = schema.additionalProperties === true || (!schema.properties && schema.additionalProperties !== false);
    if (open) fields.push(`${indent}    [field: string]: unknown;`);
    else if (typeof schema.additionalProperties === 'object')
        fields.push(`${indent}    [field: string]: ${typeOf(schema.additionalProperties, indent + '    ')};`);
    if (!fields.length) return 'Record<string, never>';
    const line = `{ ${fields.map((f) => f.trim()).join(' ').slice(0, -1)} }`;
    return indent.length + line.length <= 100 && !line.includes('\n') ? line : `{\n${fields.join('\n')}\n${indent}}`;
}

function named(type, schema, indent) {
    switch (type) {
    case 'string': case 'boolean': case 'null': return type;
    case 'integer': case 'number': return 'number';
    case 'array': {
        const item = schema.items ? typeOf(schema.items, indent) : 'unknown';
        const fixed = schema.minItems !== undefined && schema.minItems === schema.maxItems && schema.minItems < 5;
        return fixed ? `[${Array(schema.minItems).fill(item).join(', ')}]` : many(item);
    }
    case 'object': return objectType(schema, indent);
    default: throw new Error(`no TypeScript for ${JSON.stringify(schema)}`);
    }
}

function typeOf(schema, indent = '') {
    if (schema === true || Object.keys(schema).length === 0) return 'unknown';
    if (schema.$ref) {
        const [, name] = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref) ?? [];
        if (!name) throw new Error(`${schema.$ref} is not one of components/schemas`);
        return `Schemas[${JSON.stringify(name)}]`;
    }
    if ('const' in schema) return JSON.stringify(schema.const);
    if (schema.enum) return union(schema.enum.map((v) => JSON.stringify(v)));
    const alternatives = schema.oneOf ?? schema.anyOf;
    if (alternatives) return union(alternatives.map((s) => typeOf(s, indent)));
    if (schema.allOf) return schema.allOf.map((s) => `(${typeOf(s, indent)})`).join(' & ');
    if (Array.isArray(schema.type)) return union(schema.type.map((t) => named(t, schema, indent)));
    return schema.type ? named(schema.type, schema, indent) : 'unknown';
}

const json = (content) => content?.['application/json']?.schema;

function parameters(operation, where) {
    const fields = (operation.parameters ?? []).filter((p) => p.in === where);
    return fields.length
        ? `{ ${fields.map((p) => `${key(p.name)}${p.required ? '' : '?'}: ${typeOf(p.schema ?? true)}`).join('; ')} }`
        : undefined;
}

function operationType(operation) {
    const success = Object.entries(operation.responses ?? {}).find(([status]) => /^2/.test(status))?.[1];
    const body = json(operation.requestBody?.content);
    const reply = json(success?.content);
    return [
        ['path', parameters(operation, 'path')],
        ['query', parameters(operation, 'query')],
        ['body', body && typeOf(body, '        ')],
        ['reply', reply && typeOf(reply, '        ')],
    ].filter(([, type]) => type).map(([name, type]) => `        ${name}: ${type};`);
}

function generate(api) {
    const lines = ['// Made by web/scripts/api_types.mjs from /openapi.json. Not edited by hand.', '', 'export interface Schemas {'];
    for (const [name, schema] of Object.entries(api.components?.schemas ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))
        lines.push(`    ${key(name)}: ${typeOf(schema, '    ')};`);
    lines.push('}', '', 'export interface Operations {');
    for (const [path, item] of Object.entries(api.paths).sort(([a], [b]) => (a < b ? -1 : 1)))
        for (const method of METHODS.filter((m) => item[m]))
            if (path.startsWith('/api/v1/'))
                lines.push(`    '${method.toUpperCase()} ${path}': {`, ...operationType(item[method]), '    };');
    lines.push('}', '');
    return lines.join('\n');
}

const check = process.argv.includes('--check');
const source = process.argv.slice(2).find((a) => !a.startsWith('--'));
if (!source) {
    console.error('usage: node web/scripts/api_types.mjs [--check] FILE|URL of an openapi.json');
    process.exit(2);
}
const text = /^https?:/.test(source) ? await (await fetch(source)).text() : await readFile(source, 'utf8');
const types = generate(JSON.parse(text));
if (!check) {
    await writeFile(OUT, types);
} else if ((await readFile(OUT, 'utf8').catch(() => '')) !== types) {
    console.error('web/src/api/types.ts is not what the server describes: npm run api-types -- FILE|URL');
    process.exit(1);
}
