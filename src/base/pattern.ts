import picomatch from 'picomatch';

/**
 * Patterns for file names, rule ids and message names: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}`, and `**` for any folders. A backslash makes the
 * character after it an ordinary one.
 */
const OPTIONS = { dot: true, noextglob: true, nonegate: true, posix: true, nocapture: true } as const;

/** In picomatch's regular expression: a star, letters, and another star in the same part of the path. */
const STAR_BEFORE_STAR = /\[\^\/\]\*\?((?:\w|-|\\\W)+)(?=\[\^\/\]\*\?)/g;

export function isPattern(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** Whether a whole text matches; `/` separates folders. A text always matches itself, whatever characters are in it. */
export function patternMatcher(pattern: string): (text: string) => boolean {
  const { source, flags } = picomatch.makeRe(pattern, OPTIONS);
  // letters between two stars need to be matched at their first place only: trying all places takes minutes with ten stars
  let groups = 0;
  const steady = source.replace(STAR_BEFORE_STAR, (_, letters: string) => {
    const group = `w${++groups}`;
    return `(?=(?<${group}>[^/]*?${letters}))\\k<${group}>`;
  });
  const expression = new RegExp(steady, flags);
  return (text) => text === pattern || expression.test(text);
}

/** Whether a relative path matches; a pattern without `/` is compared with the file's name alone, in any folder. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const matches = patternMatcher(pattern);
  if (pattern.includes('/')) return matches;
  return (path) => matches(path.slice(path.lastIndexOf('/') + 1));
}

/** The folder in which all matches are (empty: the working directory), and the rest of the pattern below it. */
export function patternBase(pattern: string): { readonly folder: string; readonly rest: string } {
  const { base, glob, prefix } = picomatch.scan(pattern, OPTIONS);
  return { folder: prefix === './' && base === '' ? '.' : base, rest: glob };
}
