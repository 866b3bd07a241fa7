import { format } from 'prettier';
import type { Protocol } from '../../src/contract/protocol.js';
import type { FieldEntry } from '../../src/select/field-catalogue.js';
import { byMessage, fieldsIn, lastName } from './event-schema.js';

const TYPES: Readonly<Record<string, string>> = {
  int: 'number',
  double: 'number',
  bool: 'boolean',
  uint64: 'string',
  map: 'Readonly<Record<string, Json>>',
  list: 'readonly Json[]',
};

function union(words: string, special: (word: string) => string | null): string {
  return [...new Set(words.split(' or ').map((w) => special(w) ?? TYPES[w] ?? w))].join(' | ');
}

function typeOf(f: FieldEntry, all: readonly FieldEntry[]): string {
  return union(f.type, (word) => {
    if (word === 'map' && fieldsIn(all, f.name).length > 0) return objectOf(all, f.name);
    return word === 'list' && f.items !== undefined ? `readonly (${union(f.items, () => null)})[]` : null;
  });
}

function objectOf(all: readonly FieldEntry[], parent: string): string {
  const rows = fieldsIn(all, parent).map(
    (f) => `readonly ${JSON.stringify(lastName(f.name))}${f.optional ? '?' : ''}: ${typeOf(f, all)};`,
  );
  return `{ ${rows.join('\n')} }`;
}

/** The module with the types of all messages of all protocols. */
export async function messageTypes(entries: readonly FieldEntry[], protocols: readonly Protocol[]): Promise<string> {
  const catalogue = byMessage(entries);
  const bodies = protocols.map((p) => {
    const known = catalogue.get(p.name) ?? new Map<string, readonly FieldEntry[]>();
    const names = new Set([...p.messageNames(), ...known.keys()]);
    const rows = [...names].map((name) => {
      const fields = known.get(name);
      const type = fields === undefined ? 'Readonly<Record<string, Json>>' : objectOf(fields, '');
      const key = name.includes('#') ? `[name: \`${name.replace('#', '${number}')}\`]` : JSON.stringify(name);
      return `readonly ${key}: ${type};`;
    });
    return `readonly ${p.name}: { ${rows.join('\n')} };`;
  });
  const source = `// Generated from schema/fields.json by \`npm run golden\`; do not edit.
import type { Json } from '../base/annotation.js';

/** The fields of every message, by protocol and name; \`wirelint fields\` lists them with examples. */
export interface MessageFields { ${bodies.join('\n')} }
`;
  return format(source, { parser: 'typescript', printWidth: 120, singleQuote: true });
}
