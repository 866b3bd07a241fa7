import { answered, asked, five, op, reply } from './sessions.js';
import { rule } from './rule.js';

const REPLY = 'src/messages/MOSDOpReply.h';

export const OSD_REPLY_DATA_LENGTH = rule('osd-reply-data-length', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the data of an OSD_OPREPLY do not have the announced length',
  meaning:
    'Each operation of a reply announces the length of its output; the outputs follow each other in the data segment, and the client splits the data by these lengths. If they do not add up to the data, it takes the wrong bytes for an output, or fails to decode the reply.',
  spec: 'src/osd/osd_types.cc, OSDOp::split_osd_op_vector_out_data',
  breaks: ['five bytes are announced, none are there', () => reply(asked(), { ops: [{ payload: 5 }] })],
  keeps: ['five bytes are announced and there', () => reply(asked(), { ops: [{ payload: 5 }] }, { data: five })],
});

export const OSD_REPLY_ACK = rule('osd-reply-ack', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a successful reply has none of the flags ack, onnvram and ondisk',
  meaning:
    'A reply without an error says by one of the flags ack, onnvram and ondisk what happened to the operation; the OSD sets it when the operation is done. Old clients wait for the flag that they asked for. The reply to a failed operation has the flags of the request and is not judged.',
  spec: 'src/osd/PrimaryLogPG.cc, execute_ctx and complete_read_ctx',
  breaks: ['none of the three flags', () => reply(asked(), { flags: 0x20 })],
  keeps: ['the flag ondisk', answered],
});

export const OSD_REPLY_FLAGS = rule('osd-reply-flags', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a reply has other flags than its operation',
  meaning:
    'Except for ack, onnvram and ondisk, OSD_OPREPLY repeats the flags of its OSD_OP. Other flags suggest that the reply belongs to another operation. Not judged where the reply answers an earlier attempt.',
  spec: `${REPLY}, constructor`,
  breaks: ['a write is answered with the flags of a read', () => reply(asked(), { flags: 0x14 })],
  keeps: ['the same flags', answered],
});

export const OSD_REPLY_OPS = rule('osd-reply-ops', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply lists other operations than its request',
  meaning:
    'OSD_OPREPLY repeats the operations of its OSD_OP, with a result for each. The client assigns the results by their position in the list.',
  spec: `${REPLY}, constructor`,
  breaks: ['a write is answered by a read', () => reply(asked(), { ops: [{ op: 0x1201 }] })],
  keeps: ['the same operation', answered],
});

export const OSD_REPLY_OBJECT = rule('osd-reply-object', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply names another object than its request',
  meaning:
    "OSD_OPREPLY repeats the name of the object. If it has the tid of an OSD_OP and names another object, it answers another operation, whose result the client takes for this one's.",
  spec: `${REPLY}, constructor`,
  breaks: ['"o" was requested, the reply names "p"', () => reply(asked(), { object: 'p' })],
  keeps: ['the reply names "o"', answered],
});

export const OSD_REPLY_PG = rule('osd-reply-pg', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply names another placement group than its request',
  meaning:
    'OSD_OPREPLY repeats the placement group of its OSD_OP, with the same pool and number. Another one means that the reply belongs to another operation.',
  spec: `${REPLY}, constructor`,
  breaks: ['pool 2 was requested, the reply names pool 9', () => reply(asked(), { pool: 9 })],
  keeps: ['the reply names pool 2', answered],
});

export const OSD_REPLY_EPOCH_BACK = rule('osd-reply-epoch-back', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply has an older map epoch than its request',
  meaning:
    'Before an OSD handles an operation, it waits until it has at least the OSD map by which the client sent it. It cannot answer by an older map.',
  spec: 'src/osd/OSD.cc, require_same_or_newer_map',
  breaks: ['requested by epoch 20, answered by epoch 19', () => reply(asked(), { epoch: 19 })],
  keeps: ['requested and answered by epoch 20', answered],
});

export const OSD_REPLY_RETRY = rule('osd-reply-retry', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply answers an attempt that was never made',
  meaning:
    'A client that sends an operation again counts the attempts, and the reply says which attempt it answers. The client drops a reply to any attempt but the last. A number above the last attempt answers nothing, so the operation stays open.',
  spec: 'src/osdc/Objecter.cc, handle_osd_op_reply',
  breaks: ['attempt 0, the reply says attempt 3', () => reply(asked(), { retry: 3 })],
  keeps: ['attempt 0, the reply says attempt 0', answered],
});

export const OSD_REPLY_VERSION_BACK = rule('osd-reply-version-back', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'writes to a placement group are answered out of order',
  meaning:
    'Every write to a placement group gets the next version of its log, and the primary completes and answers writes in that order. Otherwise a client sees a later write done while an earlier one is still open. Judged for successful first attempts only.',
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
