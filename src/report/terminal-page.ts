import { lexer, type Token, type Tokens } from 'marked';
import { wrapText } from '../base/text-width.js';
import { renderTable } from './grid.js';
import type { Theme } from './theme.js';

/**
 * Renders a Markdown document, or the section under one of its headings, for a terminal of `width` columns; null if it has no such heading.
 * Code blocks stay as they are, since they are there to be copied.
 */
export function terminalPage(markdown: string, section: string | null, t: Theme, width: number): string | null {
  const tokens = lexer(markdown);
  const chosen = section === null ? tokens : sectionOf(tokens, section);
  return chosen === null ? null : new Terminal(t, width).blocks(chosen, '').trim() + '\n';
}

function sectionOf(tokens: readonly Token[], title: string): readonly Token[] | null {
  const from = tokens.findIndex((k) => k.type === 'heading' && plain((k as Tokens.Heading).tokens) === title);
  if (from < 0) return null;
  const { depth } = tokens[from] as Tokens.Heading;
  const length = tokens.slice(from + 1).findIndex((k) => k.type === 'heading' && (k as Tokens.Heading).depth <= depth);
  return length < 0 ? tokens.slice(from) : tokens.slice(from, from + 1 + length);
}

class Terminal {
  private readonly t: Theme;
  private readonly width: number;

  constructor(t: Theme, width: number) {
    this.t = t;
    this.width = width;
  }

  blocks(tokens: readonly Token[], indent: string): string {
    return tokens.map((token) => this.block(token, indent)).join('');
  }

  private block(token: Token, indent: string): string {
    switch (token.type) {
      case 'heading':
        return `${this.t.title(plain(token.tokens ?? []))}\n\n`;
      case 'paragraph':
      case 'text':
        return `${this.wrapped(plain(token.tokens ?? [token]), indent, indent)}\n`;
      case 'code':
        return `${(token as Tokens.Code).text.replace(/^(?=.)/gm, `${indent}    `)}\n\n`;
      case 'list':
        return `${this.list(token as Tokens.List, indent)}\n`;
      case 'table':
        return `${this.table(token as Tokens.Table)}\n`;
      default:
        return '';
    }
  }

  private list({ items, ordered, start }: Tokens.List, indent: string): string {
    return items
      .map((item, i) => {
        const mark = ordered ? `${Number(start) + i}. ` : '- ';
        const below = indent + ' '.repeat(mark.length);
        const inner = this.blocks(item.tokens, below).replace(/\n+$/, '\n');
        return `${indent}${mark}${inner.slice(below.length)}`;
      })
      .join('');
  }

  private table({ header, rows }: Tokens.Table): string {
    const cells = (row: readonly Tokens.TableCell[]): string[] => row.map((cell) => plain(cell.tokens));
    const titles = cells(header);
    // the titles of a table of commands are empty
    const columns = titles.map((title) => ({ title }));
    return renderTable(columns, rows.map(cells), this.t, this.width);
  }

  private wrapped(text: string, first: string, rest: string): string {
    const lines = wrapText(text, this.width - first.length, this.width - rest.length);
    return lines.map((line, i) => `${i === 0 ? first : rest}${line}\n`).join('');
  }
}

/** Inline Markdown as one line. Code keeps its backquotes, and links to other sites are followed by their URL. */
function plain(tokens: readonly Token[]): string {
  const words = tokens.map((token) => {
    switch (token.type) {
      case 'codespan':
        return `\`${(token as Tokens.Codespan).text}\``;
      case 'link': {
        const { href, tokens: inside } = token as Tokens.Link;
        const text = plain(inside);
        return href.includes(':') && text !== href ? `${text} (${href})` : text;
      }
      case 'br':
        return ' ';
      default:
        return 'tokens' in token && token.tokens !== undefined
          ? plain(token.tokens)
          : 'text' in token
            ? String(token.text)
            : '';
    }
  });
  return words.join('').replace(/\s+/g, ' ');
}
