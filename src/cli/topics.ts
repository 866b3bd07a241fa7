/** A topic of `wirelint help TOPIC`: a page of the documents, or a section of one. */
export interface Topic {
  readonly name: string;
  readonly describe: string;
  /** A file in docs/; null: the text is made from the commands. */
  readonly page: string | null;
  /** The heading of the section; absent: the whole page. */
  readonly section?: string;
}

export const TOPICS: readonly Topic[] = [
  { name: 'inputs', describe: 'inputs and their formats', page: 'command-line.md', section: 'Inputs' },
  {
    name: 'formats',
    describe: 'output formats, and the commands that have them',
    page: 'command-line.md',
    section: 'Formats',
  },
  { name: 'transcript', describe: 'how to read a transcript', page: 'command-line.md', section: 'Transcripts' },
  { name: 'exit-status', describe: 'the meaning of 0, 1 and 2', page: 'command-line.md', section: 'Exit status' },
  { name: 'environment', describe: 'environment variables', page: 'command-line.md', section: 'Environment' },
  { name: 'expressions', describe: 'the language of --where', page: 'questions.md', section: 'Selecting messages' },
  { name: 'questions', describe: 'common questions about captures, with commands', page: 'questions.md' },
  { name: 'configuration', describe: 'wirelint.config.json', page: 'check.md', section: 'wirelint.config.json' },
  { name: 'ci', describe: 'checks in CI', page: 'check.md' },
  { name: 'recording', describe: 'how to record sessions', page: 'recording.md' },
  { name: 'events', describe: 'ndjson and JSON', page: 'events.md' },
  { name: 'page', describe: 'the HTML page', page: 'page.md' },
  { name: 'sharing', describe: 'redact, reduce, diff, extract', page: 'share.md' },
  { name: 'parquet', describe: 'tables of messages, findings and streams', page: 'parquet.md' },
  { name: 'sql', describe: 'SQL over tables and captures', page: 'sql.md' },
  { name: 'scale', describe: 'many or large captures, several machines', page: 'scale.md' },
  { name: 'wireshark', describe: 'wirelint and Wireshark', page: 'wireshark.md' },
  { name: 'tls', describe: 'decrypting TLS', page: 'tls.md' },
  { name: 'limits', describe: 'all limits with their defaults', page: 'limits.md' },
  { name: 'nbd', describe: 'NBD', page: 'nbd.md' },
  { name: 'ceph', describe: 'Ceph msgr2 and messenger v1, and their keys', page: 'ceph.md' },
  { name: 'pesto', describe: 'pesto, the control protocol of passt and pasta', page: 'pesto.md' },
  { name: 'arca', describe: "Arca's control traffic", page: 'arca.md' },
  { name: 'man', describe: 'the manual page: wirelint help man | man -l -', page: null },
];
