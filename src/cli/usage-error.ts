/** Thrown if the command line, the configuration or an input cannot be used: one line for the user, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Lines that show the wrong place. */
  readonly excerpt: string;

  constructor(text: string, excerpt = '') {
    super(text);
    this.excerpt = excerpt;
  }
}

const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
  EMFILE: 'too many open files',
  ELOOP: 'too many symbolic links',
  EFBIG: 'file too large',
  EIO: 'input/output error',
  ENXIO: 'no such device or address',
};

/** The system's error in a few words. */
export function systemWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return (code !== undefined ? SYSTEM_WORDS[code] : undefined) ?? error.message;
}
