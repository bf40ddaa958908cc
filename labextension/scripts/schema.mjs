/**
 * Writes the TypeScript of what Python says: `src/schema.ts` (documents and events), `src/looks.ts` (how states
 * look) and `src/options.ts` (what tasks can be asked to do). With `--check` it writes nothing and fails if a file is not what it would write.
 *
 * Python is `$PYTHON`, else `python3`; it needs the package's own dependencies.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const project = dirname(root);
const banner = '// Generated from Python by `npm run schema`. Do not edit.\n';
const LOOKS = `
import json
from jupyter_dagflow.surfaces.graph.icons import ICONS
from jupyter_dagflow.surfaces.look import TASK_LOOKS
print(json.dumps({
    state.value: {
        "word": look.word, "colour": look.colour, "ink": look.ink,
        "path": ICONS[state].path, "fill": ICONS[state].fill, "hollow": ICONS[state].hollow,
        "final": state.is_final,
    }
    for state, look in TASK_LOOKS.items()
}))
`;

const OPTIONS = `
import json
from jupyter_dagflow.core.option_schema import options_schema
print(json.dumps(options_schema()["properties"]))
`;

function python(...args) {
  const command = process.env.PYTHON ?? 'python3';
  const env = { ...process.env, PYTHONPATH: [project, process.env.PYTHONPATH].filter(Boolean).join(':') };
  const { error, status, stdout } = spawnSync(command, args, {
    cwd: project,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  });
  if (error || status !== 0) {
    console.error(
      `${command} could not tell the shapes${error ? ` (${error.message})` : ''}. Set PYTHON to an interpreter that has the package's dependencies.`
    );
    process.exit(1);
  }
  return stdout;
}

/** The same schema in the words that the generator knows: tuples by `items`, references alone, `unknown` for any JSON. */
function plain(node) {
  if (Array.isArray(node)) {
    return node.map(plain);
  }
  if (node === null || typeof node !== 'object') {
    return node;
  }
  if (node.$ref) {
    return { $ref: node.$ref.replace('$defs', 'definitions') };
  }
  if (node.prefixItems) {
    const size = node.prefixItems.length;
    return { type: 'array', items: node.prefixItems.map(plain), minItems: size, maxItems: size };
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === 'properties' ? properties(value) : plain(value)])
  );
}

function properties(schemas) {
  const known = ['type', '$ref', 'anyOf', 'enum', 'const', 'prefixItems'];
  const typed = schema => (known.some(word => word in schema) ? plain(schema) : { tsType: 'unknown' });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, typed(record(schema))]));
}

/** A mapping to any JSON value. */
function record(schema) {
  const values = schema.additionalProperties;
  return values && typeof values === 'object' && !('type' in values) && !('$ref' in values)
    ? { type: 'object', tsType: 'Record<string, unknown>' }
    : schema;
}

async function schema() {
  const { $defs } = plain(JSON.parse(python('-m', 'jupyter_dagflow.wire')));
  const reference = name => ({ $ref: `#/definitions/${name}` });
  const isEvent = name => Boolean($defs[name].properties?.type?.const);
  const events = { title: 'DagflowEvent', oneOf: Object.keys($defs).filter(isEvent).map(reference) };
  const documents = Object.keys($defs)
    .filter(name => name.endsWith('Document'))
    .map(reference);
  const body = await compile(
    {
      title: 'Shape',
      oneOf: [reference('DagflowEvent'), ...documents],
      definitions: { ...$defs, DagflowEvent: events }
    },
    'Shape',
    {
      additionalProperties: false,
      bannerComment: '',
      style: { singleQuote: true, trailingComma: 'none', arrowParens: 'avoid' }
    }
  );
  return `${banner}\n${body}`;
}

function looks() {
  const table = JSON.parse(python('-c', LOOKS));
  return `${banner}
import type { TaskState } from './schema';

/**
 * How a state looks: its word, the fill and ink of its disc, and its icon for a disc of radius 9 about (0, 0); and
 * whether it is final.
 */
export interface Look {
  word: string;
  colour: string;
  ink: string;
  path: string;
  fill: boolean;
  hollow: boolean;
  final: boolean;
}

export const LOOKS: Record<TaskState, Look> = ${JSON.stringify(table, null, 2)};
`;
}

function options() {
  const table = JSON.parse(python('-c', OPTIONS));
  return `${banner}
/** What an option's value may be, in the words of JSON schema. */
export interface ValueSchema {
  type: 'string' | 'integer' | 'number' | 'boolean';
  pattern?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
}

/**
 * An option of \`metadata.dagflow\`: what its values are names of (\`task\`, \`variable\`, …), and the role of the cells it
 * is on. One that may be repeated is an array.
 */
export interface OptionSchema extends Omit<ValueSchema, 'type'> {
  title: string;
  description: string;
  type: ValueSchema['type'] | 'array';
  items?: ValueSchema;
  expects: string;
  names: string;
  on: string;
}

export const OPTIONS: Readonly<Record<string, OptionSchema>> = ${JSON.stringify(table, null, 2)};
`;
}

const files = { 'src/schema.ts': await schema(), 'src/looks.ts': looks(), 'src/options.ts': options() };
const stale = Object.entries(files).filter(([name, text]) => {
  try {
    return readFileSync(join(root, name), 'utf8') !== text;
  } catch {
    return true;
  }
});
if (!process.argv.includes('--check')) {
  stale.forEach(([name, text]) => writeFileSync(join(root, name), text));
} else if (stale.length > 0) {
  console.error(`Not what Python says: ${stale.map(([name]) => name).join(', ')}. Run: npm run schema`);
  process.exit(1);
}
