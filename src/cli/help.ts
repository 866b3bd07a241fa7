import { readFileSync } from 'node:fs';
import { nearest } from '../base/nearest.js';
import { isTerminal } from '../base/terminal.js';
import { terminalPage } from '../report/terminal-page.js';
import { theme } from '../report/theme.js';
import { wantColors } from './colors.js';
import type { Command, Entry } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { PRINT_OPTIONS } from './options.js';
import { packageRoot } from './package-root.js';
import { TOPICS } from './topics.js';
import { UsageError } from './usage-error.js';

interface HelpArguments {
  readonly topic?: string;
  readonly output?: string;
  readonly color?: string;
}

/** Widest text, in columns: longer lines are hard to read. */
const WIDEST = 110;

/** `wirelint help TOPIC`; the help of a command is printed by yargs (see main.ts). */
export function helpWith(commands: readonly Entry[]): Command {
  return {
    options: (yargs) =>
      yargs
        .positional('topic', { type: 'string', describe: 'A command, or a topic; `wirelint help` lists them' })
        .options({
          output: PRINT_OPTIONS.output,
          color: PRINT_OPTIONS.color,
        })
        .example('$0 help expressions', 'the language of --where'),

    async run(raw) {
      const args = raw as HelpArguments;
      const text =
        args.topic === 'man' ? await (await import('./manual.js')).manual(commands) : topicText(args, commands);
      const output = openDestination(args.output);
      output.add(text);
      finishDestination(output, args.output);
      return 0;
    },
  };
}

function topicText(args: HelpArguments, commands: readonly Entry[]): string {
  const topic = TOPICS.find((t) => t.name === args.topic);
  if (topic === undefined || topic.page === null) {
    const near = nearest(
      args.topic ?? '',
      [...TOPICS, ...commands].map((t) => t.name),
    );
    const hint = near === null ? '`wirelint help` lists topics and commands' : `did you mean ${near}?`;
    throw new UsageError(`help ${args.topic ?? ''}: no such topic; ${hint}`);
  }
  const width = isTerminal(1) ? Math.min(WIDEST, Math.max(40, process.stdout.columns)) : 100;
  const markdown = readFileSync(new URL(`docs/${topic.page}`, packageRoot()), 'utf8');
  const text = terminalPage(markdown, topic.section ?? null, theme(wantColors(args)), width);
  if (text === null) throw new Error(`docs/${topic.page} has no section ${topic.section}`);
  return text;
}
