import { Environment, type ASTNode, type ParseResult } from '@marcbachmann/cel-js';
import { nearest } from '../base/nearest.js';
import type { FieldCatalogue } from './field-catalogue.js';
import { VARIABLES } from './variables.js';

/** Thrown for an expression that cannot be used: says what is wrong, and where in its text. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly expression: string;
  /** Range of the characters that are wrong: first one, and the one after the last. */
  readonly start: number;
  readonly end: number;

  constructor(text: string, expression: string, start: number, end: number) {
    super(`${text} (character ${start + 1})`);
    this.expression = expression;
    this.start = start;
    this.end = Math.max(end, start + 1);
  }

  /** The line of the expression that is wrong, with marks below the wrong characters. */
  get excerpt(): string {
    const lineStart = this.expression.lastIndexOf('\n', this.start - 1) + 1;
    const lineEnd = this.expression.indexOf('\n', this.start);
    const line = this.expression.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
    const marks = Math.max(1, Math.min(this.end, lineStart + line.length) - this.start);
    return `${line}\n${' '.repeat(this.start - lineStart)}${'^'.repeat(marks)}`;
  }
}

/** The costly variables that an expression uses: those that it does not use are not built. */
export interface Needs {
  readonly fields: boolean;
  readonly findings: boolean;
  readonly request: boolean;
  readonly reply: boolean;
}

/**
 * A condition on messages in the Common Expression Language (cel.dev), compiled once. It is false for a message that lacks a field named in
 * the condition.
 */
export class Expression {
  readonly text: string;
  readonly needs: Needs;
  private readonly program: ParseResult;

  /** Throws ExpressionError if the text does not parse, has the wrong type, or uses a name that no message has. */
  constructor(text: string, catalogue: FieldCatalogue | null = null) {
    this.text = text;
    const environment = new Environment({ unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false });
    for (const { name, type } of VARIABLES) environment.registerVariable(name, type);
    try {
      this.program = environment.parse(text);
    } catch (error) {
      throw located(error, text);
    }
    const used = new Usage(this.program.ast, text, catalogue);
    const checked = this.program.check();
    if (!checked.valid) throw located(checked.error, text);
    if (checked.type !== 'bool' && checked.type !== 'dyn')
      throw new ExpressionError(`gives a ${checked.type}, not true or false`, text, 0, text.length);
    this.needs = {
      fields: used.paths.has('fields'),
      findings: used.names.has('finding') || used.names.has('findings'),
      request: used.names.has('request'),
      reply: used.names.has('reply'),
    };
  }

  /** Whether the condition is true for `variables`, an object with the names and types of VARIABLES. */
  holds(variables: object): boolean {
    try {
      return this.program(variables) === true;
    } catch {
      // it uses a field that this message does not have
      return false;
    }
  }
}

interface CelError extends Error {
  readonly summary?: string;
  readonly range?: { readonly start: number; readonly end: number };
}

function located(error: unknown, text: string): ExpressionError {
  const { summary, message, range } = error as CelError;
  const words = (summary ?? message).split('\n')[0]!;
  const unknown = /^Unknown variable: (\w+)/.exec(words);
  const said =
    unknown === null
      ? words.charAt(0).toLowerCase() + words.slice(1)
      : `unknown name "${unknown[1]!}"${hint(
          unknown[1]!,
          VARIABLES.map((v) => v.name),
        )}`;
  return new ExpressionError(said, text, range?.start ?? 0, range?.end ?? text.length);
}

function hint(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === null ? '' : `; did you mean ${near}?`;
}

/** Variables that hold a message. */
const MESSAGES = new Set(['request', 'reply']);

/** Collects the names that an expression uses, and checks that every field it uses exists. */
class Usage {
  readonly names = new Set<string>();
  /** `fields`, when the expression looks at the fields of arbitrary messages. */
  readonly paths = new Set<string>();
  private readonly text: string;
  private readonly catalogue: FieldCatalogue | null;

  constructor(ast: ASTNode, text: string, catalogue: FieldCatalogue | null) {
    this.text = text;
    this.catalogue = catalogue;
    this.visit(ast);
  }

  private visit(node: unknown): void {
    if (Array.isArray(node)) {
      for (const n of node) this.visit(n);
      return;
    }
    if (!isNode(node)) return;
    if (node.op === 'id') this.name(node.args);
    const path = pathOf(node);
    if (path !== null) this.path(path, node);
    this.visit(node.args);
  }

  private name(name: string): void {
    this.names.add(name);
    if (name === 'fields') this.paths.add('fields');
  }

  /**
   * Checks a path such as `fields.flags`, also inside a request or a reply. Paths into elements of lists, or below a macro's own variable,
   * are not checked.
   */
  private path(path: readonly string[], node: ASTNode): void {
    const [first, ...rest] = path;
    if (first !== undefined && MESSAGES.has(first)) {
      const known: string[] = VARIABLES.filter((v) => v.ofMessage).map((v) => v.name);
      const name = rest[0];
      if (name === undefined) return;
      if (!known.includes(name)) this.refuse(`a message has no "${name}"${hint(name, known)}`, node);
      if (name === 'fields') {
        this.paths.add('fields');
        this.field(rest.slice(1), node);
      }
    } else if (first === 'fields') {
      this.field(rest, node);
    }
  }

  private field(path: readonly string[], node: ASTNode): void {
    const name = path[0];
    if (name === undefined || this.catalogue === null || this.catalogue.has(name)) return;
    this.refuse(`no message has a field "${name}"${hint(name, this.catalogue.names())}`, node);
  }

  private refuse(words: string, node: ASTNode): never {
    throw new ExpressionError(words, this.text, node.range.start, node.range.end);
  }
}

/**
 * `["request", "fields", "length"]` for `request.fields.length`, also when written with brackets around constants; null for any other
 * expression.
 */
function pathOf(node: ASTNode): string[] | null {
  if (node.op === 'id') return [node.args];
  if (node.op !== '.' && node.op !== '.?' && node.op !== '[]' && node.op !== '[?]') return null;
  const [base, key] = node.args as [ASTNode, unknown];
  const name = typeof key === 'string' ? key : isNode(key) && key.op === 'value' ? key.args : null;
  const before = pathOf(base);
  return before === null || typeof name !== 'string' ? null : [...before, name];
}

function isNode(node: unknown): node is ASTNode {
  return typeof node === 'object' && node !== null && 'op' in node && 'args' in node;
}
