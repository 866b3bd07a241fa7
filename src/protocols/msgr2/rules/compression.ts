import { deflateRawSync } from 'node:zlib';
import { TAG } from '../constants.js';
import * as E from '../encode.js';
import { script, type Script } from '../script.js';
import { rule } from './rule.js';

const SPEC = 'compression_onwire.cc; ProtocolV2.cc, handle_compression_request, handle_compression_done';

const wish = (want: number, algorithms: readonly number[]) => E.concat(E.u8(want), E.vec(algorithms.map(E.u32)));
const answer = (enabled: number, algorithm: number) => E.concat(E.u8(enabled), E.u32(algorithm));
/** A session, up to the signatures, whose banners both offer compression. */
const both = () =>
  script().banners({ supported: 3n }, { supported: 3n }).hellos().request().challenge().done().signatures();
const negotiated = (want: Uint8Array, done: Uint8Array) =>
  both().control('client', TAG.COMPRESSION_REQUEST, want).control('server', TAG.COMPRESSION_DONE, done).idents();
const zlibOn = () => negotiated(wish(1, [2]), answer(1, 2));
const deflated = (bytes: Uint8Array) => E.concat(E.u8(0), new Uint8Array(deflateRawSync(bytes)));
const packed = (s: Script, header: Uint8Array, front: Uint8Array) =>
  s.send('client', E.frame(TAG.MESSAGE, [header, front], { flags: 1 }));

export const COMPRESSION_UNNEGOTIATED = rule('compression-unnegotiated', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'compression is negotiated although a banner does not offer it',
  meaning:
    'COMPRESSION_REQUEST and COMPRESSION_DONE may be sent only if both banners offer bit 1. A peer without it does not know the tag and closes the connection.',
  spec: SPEC,
  breaks: [
    'a request after banners without bit 1',
    () => script().login().control('client', TAG.COMPRESSION_REQUEST, wish(0, [])),
  ],
  keeps: ['both banners offer bit 1', () => negotiated(wish(0, []), answer(0, 0))],
});

export const COMPRESSION_SKIPPED = rule('compression-skipped', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a side skips the compression negotiation',
  meaning:
    'If both banners offer bit 1 (Ceph 17 and newer), the client sends COMPRESSION_REQUEST after the signatures and the server answers COMPRESSION_DONE, before CLIENT_IDENT or SESSION_RECONNECT, even if neither side wants to compress. The peer waits for the frame and refuses any other.',
  spec: 'ProtocolV2.cc, handle_auth_signature, handle_compression_done, finish_compression',
  breaks: ['CLIENT_IDENT in its place', () => both().idents()],
  keeps: ['negotiated, and disabled', () => negotiated(wish(0, []), answer(0, 0)).message('client')],
});

export const COMPRESSION_METHOD_UNOFFERED = rule('compression-method-unoffered', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the server enables an algorithm that was not offered',
  meaning:
    'COMPRESSION_DONE chooses one of the algorithms in COMPRESSION_REQUEST, or none. The client may be unable to decompress any other.',
  spec: SPEC,
  breaks: ['zlib is offered, lz4 enabled', () => negotiated(wish(1, [2]), answer(1, 4))],
  keeps: ['zlib is offered and enabled', zlibOn],
});

export const COMPRESSION_INCONSISTENT = rule('compression-inconsistent', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a compression frame contradicts itself',
  meaning:
    'A COMPRESSION_DONE that enables compression names an algorithm (1 to 5); a COMPRESSION_REQUEST that asks for compression lists at least one. Otherwise the peer cannot know how to compress.',
  spec: SPEC,
  breaks: ['compression is wanted, with no algorithm', () => negotiated(wish(1, []), answer(0, 0))],
  keeps: ['not wanted', () => negotiated(wish(0, []), answer(0, 0))],
});

export const DECOMPRESS_FAILED = rule('decompress-failed', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a compressed segment does not decompress',
  meaning:
    'Each segment that is not empty is compressed separately with the negotiated algorithm. The checksums, which cover the compressed bytes, are right in this frame, so the sender compressed wrongly or used another algorithm.',
  spec: 'frames_v2.cc, disassemble_decompress',
  breaks: [
    'bytes that are not a deflate stream',
    () => packed(zlibOn(), new Uint8Array(30).fill(0xff), E.ascii('front')),
  ],
  keeps: ['zlib, as negotiated', () => packed(zlibOn(), deflated(E.messageHeader({})), deflated(new Uint8Array(2000)))],
});

export const COMPRESSION_RULES = [
  COMPRESSION_UNNEGOTIATED,
  COMPRESSION_SKIPPED,
  COMPRESSION_METHOD_UNOFFERED,
  COMPRESSION_INCONSISTENT,
  DECOMPRESS_FAILED,
];
