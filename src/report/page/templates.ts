import { Column } from './column.js';
import { BLANK, FIRST_BLANK, SAME } from './format.js';

/** Whole numbers that are not part of a word, and short enough to be exact as a double. */
const NUMBER = /(?<![\w])(?:0|[1-9]\d{0,14})(?!\w)/g;
/** Equal numbers below this are not taken to be related. */
const TELLING = 16;
/** Most earlier blanks that can be referred to, since a reference is one character. */
const MOST_NAMED = 0xd000;

interface Template {
  readonly id: number;
  readonly blanks: readonly Column[];
  readonly last: Float64Array;
}

/** Stores texts that differ only in numbers: each text becomes a template, which is stored once, and differences of its numbers. */
export class Templates {
  readonly texts: string[] = [];
  /** Characters of all templates. */
  characters = 0;
  private readonly known = new Map<string, Template>();

  /**
   * Adds two lines. In the first, which changes little, only numbers of three digits or more become blanks. Returns the number of the
   * template.
   */
  add(shape: string, text: string): number {
    const values: number[] = [];
    const blank = (value: number): string => {
      const same = value < TELLING ? -1 : values.indexOf(value);
      if (same >= 0 && same < MOST_NAMED) return SAME + String.fromCharCode(FIRST_BLANK + same);
      values.push(value);
      return BLANK;
    };
    const first = shape.replace(NUMBER, (digits) => (digits.length < 3 ? digits : blank(Number(digits))));
    const second = text.replace(NUMBER, (digits) => blank(Number(digits)));
    const key = `${first}\n${second}`;
    let template = this.known.get(key);
    if (template === undefined) {
      template = {
        id: this.texts.length,
        blanks: values.map(() => new Column()),
        last: new Float64Array(values.length),
      };
      this.known.set(key, template);
      this.texts.push(key);
      this.characters += key.length;
    }
    const { blanks, last } = template;
    for (let i = 0; i < values.length; i++) {
      blanks[i]!.addSigned(values[i]! - last[i]!);
      last[i] = values[i]!;
    }
    return template.id;
  }

  /** The columns of all blanks, in the order of the templates. */
  columns(): Uint8Array[] {
    return [...this.known.values()].flatMap((t) => t.blanks.map((c) => c.bytes));
  }
}
