import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';

/** Whether golden files are to be written anew (`npm run golden`), and not compared. */
export const UPDATE_GOLDEN = Boolean(process.env['UPDATE_GOLDEN']);

/** Compares text with the golden file of that name, line by line; writes it where golden files are written anew. */
export function expectGolden(path: string, text: string): void {
  if (UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path), `${path} is missing; 'npm run golden' writes it`).toBe(true);
  expect(text.split('\n')).toEqual(readFileSync(path, 'utf8').split('\n'));
}
