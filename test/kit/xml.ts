/** A strict reader of the XML that reports are: elements, attributes, text, the five entities. Throws on everything else. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

/** What XML 1.0 allows in a document. */
const CHARACTERS = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;

export function parseXml(source: string): Element {
  if (!CHARACTERS.test(source)) throw new Error('a character that XML does not allow');
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!source.startsWith(head)) throw new Error('no XML declaration');
  const reader = new Reader(source, head.length);
  const root = reader.element();
  if (source.slice(reader.at).trim() !== '') throw new Error('text after the root element');
  return root;
}

class Reader {
  private readonly source: string;
  public at: number;

  constructor(source: string, at: number) {
    this.source = source;
    this.at = at;
  }

  element(): Element {
    const [, name] = this.take(/<([\w-]+)/y);
    const attributes: Record<string, string> = {};
    for (let m = this.maybe(/\s+([\w-]+)="([^"<]*)"/y); m !== null; m = this.maybe(/\s+([\w-]+)="([^"<]*)"/y)) {
      if (m[1]! in attributes) throw new Error(`attribute ${m[1]} twice`);
      attributes[m[1]!] = unescape(m[2]!);
    }
    this.take(/>/y);
    const children: Element[] = [];
    let text = '';
    for (;;) {
      text += unescape(this.take(/[^<]*/y)[0]);
      if (this.maybe(/<\/([\w-]+)>/y)?.[1] === name) break;
      children.push(this.element());
    }
    return { name: name!, attributes, children, text };
  }

  private take(pattern: RegExp): RegExpExecArray {
    const m = this.maybe(pattern);
    if (m === null) throw new Error(`expected ${pattern} at ${this.source.slice(this.at, this.at + 40)}`);
    return m;
  }

  private maybe(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const m = pattern.exec(this.source);
    if (m !== null) this.at = pattern.lastIndex;
    return m;
  }
}

function unescape(text: string): string {
  return text.replace(/&([^;]*;?)/g, (_, name: string) => {
    const plain = { 'amp;': '&', 'lt;': '<', 'gt;': '>', 'quot;': '"', '#10;': '\n' }[name];
    if (plain === undefined) throw new Error(`entity &${name}`);
    return plain;
  });
}

interface Shape {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly children: readonly string[];
}

/** What Jenkins' schema for JUnit reports (xunit plugin, junit-10.xsd) allows of the elements that are used here. */
const JUNIT: Readonly<Record<string, Shape>> = {
  testsuites: { required: [], optional: ['name', 'time', 'tests', 'failures', 'errors'], children: ['testsuite'] },
  testsuite: {
    required: ['name', 'tests', 'failures', 'errors'],
    optional: ['group', 'time', 'skipped', 'timestamp', 'hostname', 'id', 'package', 'file', 'log', 'url', 'version'],
    children: ['testsuite', 'properties', 'testcase', 'system-out', 'system-err'],
  },
  testcase: {
    required: ['name'],
    optional: ['time', 'classname', 'group'],
    children: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
  },
  error: { required: [], optional: ['type', 'message'], children: [] },
  failure: { required: [], optional: ['type', 'message'], children: [] },
  'system-out': { required: [], optional: [], children: [] },
};

/** What of a document Jenkins' schema does not allow. */
export function junitProblems(e: Element, path = e.name): string[] {
  const shape = JUNIT[e.name];
  if (shape === undefined) return [`${path}: unknown element`];
  const names = Object.keys(e.attributes);
  return [
    ...shape.required.filter((a) => !names.includes(a)).map((a) => `${path}: no ${a}`),
    ...names.filter((a) => ![...shape.required, ...shape.optional].includes(a)).map((a) => `${path}: ${a} not allowed`),
    ...e.children.filter((c) => !shape.children.includes(c.name)).map((c) => `${path}: ${c.name} not allowed`),
    ...(shape.children.length > 0 && e.text.trim() !== '' ? [`${path}: text not allowed`] : []),
    ...e.children.flatMap((c, i) => junitProblems(c, `${path}/${c.name}[${i}]`)),
  ];
}
