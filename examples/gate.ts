/** A test's last line: the recorded session kept the rules, and held what it should. */
import { readFile } from 'node:fs/promises';
import { check, type ExpectationFunction } from 'wirelint';

const [capture = 'session.pcap'] = process.argv.slice(2);

/** In words of one's own: the sentence that says what is wrong, or nothing. */
const closedCleanly: ExpectationFunction = ({ streams }) => {
  const open = streams.filter((s) => s.end !== 'closed').length;
  return open === 0 ? null : `${open} connections were not closed`;
};

const { passed, reasons, captures } = await check(
  { name: capture, bytes: await readFile(capture) },
  { require: { nbd: 10 }, expect: [{ message: 'NBD_CMD_READ', count: '>=1' }, closedCleanly] },
);
for (const { findings } of captures) for (const f of findings) console.log(`${f.severity} ${f.rule}: ${f.text}`);
console.log(passed ? 'passed' : `failed: ${reasons.join('; ')}`);
