import type { FieldEntry } from '../../src/select/field-catalogue.js';
import { byMessage, EVENTS, fieldsIn, OPTIONAL, type Schema } from './event-schema.js';

/** Prose with what would end a table's cell escaped. */
const cell = (text: string): string => text.replace(/\|/g, '\\|');

function kindWords(schema: Schema): string {
  const { type, enum: values, const: value, properties } = schema;
  if (Array.isArray(values)) return values.map((v) => `\`${JSON.stringify(v)}\``).join(', ');
  if (value !== undefined) return `\`${JSON.stringify(value)}\``;
  if (properties !== undefined)
    return `object of ${Object.keys(properties)
      .map((name) => `\`${name}\``)
      .join(', ')}`;
  return (Array.isArray(type) ? type : [type]).join(' or ');
}

/** The properties of one event, as a table. */
export function eventTable(type: string): string {
  const rows = Object.entries(EVENTS[type]!)
    .filter(([name]) => name !== 'type')
    .map(([name, schema]) => {
      const shown = `\`${name}\`${OPTIONAL.includes(name) ? ' (optional)' : ''}`;
      return `| ${shown} | ${cell(kindWords(schema))} | ${cell(schema.description ?? '')} |\n`;
    });
  return `| property | value | what |\n|---|---|---|\n${rows.join('')}`;
}

/** Every message with its fields: a table for each protocol. */
export function messageLists(entries: readonly FieldEntry[]): string {
  let out = '';
  for (const [protocol, messages] of byMessage(entries)) {
    out += `### ${protocol}\n\n| message | fields |\n|---|---|\n`;
    for (const [name, all] of messages) {
      const fields = fieldsIn(all, '').map((f) => {
        const items = f.items === undefined ? '' : ` of ${f.items}`;
        return `\`${f.name}\`${f.optional ? '?' : ''} ${f.type}${items}`;
      });
      out += `| \`${name}\` | ${cell(fields.join(', '))} |\n`;
    }
    out += '\n';
  }
  return out.trimEnd() + '\n';
}
