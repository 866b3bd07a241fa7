import { parentPort } from 'node:worker_threads';
import { GroupEncoder } from './table/group-encoder.js';
import type { EncodedBlock, EncodingTask } from './table/encoding-task.js';

// the thread of EncodingElsewhere; a file of its own, and small, so that it starts quickly
const encoder = new GroupEncoder();
parentPort!.on('message', ({ table, block }: EncodingTask) => {
  const made = encoder.add(table, block);
  const bytes = made === null ? null : new Uint8Array(made.bytes);
  const answer: EncodedBlock = made === null ? null : { table, bytes: bytes!, group: made.group };
  parentPort!.postMessage(answer, bytes === null ? [] : [bytes.buffer]);
});
