import { Column } from './column.js';
import { BLANK, FIRST_BLANK, SAME } from './format.js';

/** Whole numbers that stand alone, short enough for a double. */
const NUMBER = /(?<![\w])(?:0|[1-9]\d{0,14})(?!\w)/g;
/** Numbers below this are no sign of the same thing twice. */
const TELLING = 16;
/** A blank that stands for an earlier one names it by one character. */
const MOST_NAMED = 0xd000;

interface Template {
  readonly id: number;
  readonly blanks: readonly Column[];
  readonly last: Float64Array;
}

/** Texts that are alike but for the numbers in them: each is a template, kept once, and differences of numbers. */
export class Templates {
  readonly texts: string[] = [];
  /** Characters of all templates. */
  characters = 0;
  private readonly known = new Map<string, Template>();

  /** Keeps two lines: the first changes little, so that only its larger numbers become blanks. Gives the number of their template. */
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

  /** The blanks of all templates in order. */
  columns(): Uint8Array[] {
    return [...this.known.values()].flatMap((t) => t.blanks.map((c) => c.bytes));
  }
}
