import { answered, asked, five, op, reply } from './sessions.js';
import { rule } from './rule.js';

const REPLY = 'src/messages/MOSDOpReply.h';

export const OSD_REPLY_DATA_LENGTH = rule('osd-reply-data-length', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the data of an OSD_OPREPLY are not as long as its operations say',
  meaning: 'Each operation names the length of what it gives back; the client cuts the data up by these lengths.',
  spec: 'src/osd/osd_types.cc, OSDOp::split_osd_op_vector_out_data',
  breaks: ['five bytes announced, none there', () => reply(asked(), { ops: [{ payload: 5 }] })],
  keeps: ['five bytes', () => reply(asked(), { ops: [{ payload: 5 }] }, { data: five })],
});

export const OSD_REPLY_ACK = rule('osd-reply-ack', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a reply that says neither ack nor ondisk',
  meaning:
    'A reply that is no error says by one of ack, onnvram and ondisk what became of the operation; the OSD adds them when it is done. Clients of old wait for the one that they asked for.',
  spec: 'src/osd/PrimaryLogPG.cc, execute_ctx and complete_read_ctx',
  breaks: ['none of the three', () => reply(asked(), { flags: 0x20 })],
  keeps: ['ondisk', answered],
});

export const OSD_REPLY_FLAGS = rule('osd-reply-flags', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a reply with other flags than its operation',
  meaning: 'But for ack, onnvram and ondisk a reply has the flags of the operation.',
  spec: `${REPLY}, constructor`,
  breaks: ['a read is the answer to a write', () => reply(asked(), { flags: 0x14 })],
  keeps: ['the same flags', answered],
});

export const OSD_REPLY_OPS = rule('osd-reply-ops', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply with other operations than were asked for',
  meaning: 'A reply repeats the operations, and has a result for each. The client takes the results by their place.',
  spec: `${REPLY}, constructor`,
  breaks: ['a read is the answer to a write', () => reply(asked(), { ops: [{ op: 0x1201 }] })],
  keeps: ['the same operation', answered],
});

export const OSD_REPLY_OBJECT = rule('osd-reply-object', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply about another object',
  meaning:
    "A reply repeats the name of the object. One with the same tid that names another one answers another operation's question.",
  spec: `${REPLY}, constructor`,
  breaks: ['"p" instead of "o"', () => reply(asked(), { object: 'p' })],
  keeps: ['"o"', answered],
});

export const OSD_REPLY_PG = rule('osd-reply-pg', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply from another placement group',
  meaning: 'A reply names the placement group that was asked, of the same pool and number.',
  spec: `${REPLY}, constructor`,
  breaks: ['pool 9 instead of 2', () => reply(asked(), { pool: 9 })],
  keeps: ['pool 2', answered],
});

export const OSD_REPLY_EPOCH_BACK = rule('osd-reply-epoch-back', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: "a reply by an older map than the operation's",
  meaning: 'An OSD waits for the map of an operation before it looks at it, so that it cannot answer by an older one.',
  spec: 'src/osd/OSD.cc, require_same_or_newer_map',
  breaks: ['asked by epoch 20, answered by 19', () => reply(asked(), { epoch: 19 })],
  keeps: ['answered by 20', answered],
});

export const OSD_REPLY_RETRY = rule('osd-reply-retry', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply to an attempt that was not made',
  meaning:
    'A client that sends an operation again counts its attempts, and a reply says which one it answers. The client drops a reply to any other than the last one; a number above that answers nothing.',
  spec: 'src/osdc/Objecter.cc, handle_osd_op_reply',
  breaks: ['attempt 0, answered as 3', () => reply(asked(), { retry: 3 })],
  keeps: ['attempt 0', answered],
});

export const OSD_REPLY_VERSION_BACK = rule('osd-reply-version-back', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'writes to a placement group are answered out of the order of their versions',
  meaning:
    'Every write to a placement group gets the next version of its log, and they are done and answered in that order.',
  spec: 'src/osd/PrimaryLogPG.cc, eval_repop',
  breaks: [
    'version 7, then 6',
    () => reply(op(answered(), {}, { seq: 2, tid: 2 }), { version: 6 }, { seq: 2, tid: 2 }),
  ],
  keeps: ['version 7, then 8', () => reply(op(answered(), {}, { seq: 2, tid: 2 }), { version: 8 }, { seq: 2, tid: 2 })],
});

export const OPERATION_REPLY_RULES = [
  OSD_REPLY_DATA_LENGTH,
  OSD_REPLY_ACK,
  OSD_REPLY_FLAGS,
  OSD_REPLY_OPS,
  OSD_REPLY_OBJECT,
  OSD_REPLY_PG,
  OSD_REPLY_EPOCH_BACK,
  OSD_REPLY_RETRY,
  OSD_REPLY_VERSION_BACK,
];
