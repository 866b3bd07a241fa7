/** File name patterns as shells and .gitignore know them: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}`, and `**` for any folders. */

const MAGIC = /[*?[\]{}]/;

export function isGlob(text: string): boolean {
  return MAGIC.test(text);
}

/** An expression that a whole path with `/` as separator must match. */
export function globExpression(pattern: string): RegExp {
  return new RegExp(`^${translate(pattern)}$`, 'su');
}

/** Whether a relative path matches; a pattern without `/` is held against the file's name in whatever folder. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const expression = globExpression(pattern.replace(/^\.\//, ''));
  if (!pattern.includes('/')) return (path) => expression.test(path.slice(path.lastIndexOf('/') + 1));
  return (path) => expression.test(path);
}

function translate(pattern: string): string {
  let out = '';
  let depth = 0;
  for (let i = 0; i < pattern.length;) {
    const c = pattern[i]!;
    if (c === '*') {
      let n = 1;
      while (pattern[i + n] === '*') n++;
      const slash = pattern[i + n] === '/';
      const whole = n >= 2 && (i === 0 || pattern[i - 1] === '/');
      if (whole && slash) {
        out += '(?:[^/]+/)*';
        i += n + 1;
      } else {
        out += whole && i + n === pattern.length ? '.*' : '[^/]*';
        i += n;
      }
      continue;
    }
    const set = c === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/su.exec(pattern.slice(i)) : null;
    if (set !== null) {
      const body = set[2]!.replace(/[\\[\]&^]/g, '\\$&');
      out += `(?!/)[${set[1] === '' ? '' : '^'}${body}]`;
      i += set[0].length;
      continue;
    }
    if (c === '?') out += '[^/]';
    else if (c === '{' && pattern.indexOf('}', i) > 0) {
      out += '(?:';
      depth++;
    } else if (c === '}' && depth > 0) {
      out += ')';
      depth--;
    } else if (c === ',' && depth > 0) out += '|';
    else out += /[\\^$.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c;
    i++;
  }
  return out + ')'.repeat(depth);
}
