import { count } from '../../../base/text.js';
import {
  CONNECT_HOST_EMPTY,
  EXIT_CODE_NONZERO,
  GETARGS_REPEATED,
  OPEN_MODE,
  OPEN_PATH_EMPTY,
  PATH_NUL,
} from '../rules/postcard-contents.js';
import type { Scene } from '../session/scene.js';
import type { OPEN } from '../family-c/dialects.js';
import type { PostcardFrame } from '../family-c/message.js';
import type { Run, ValueOf } from '../family-c/postcard.js';

/** Judges what a control request asks for. Returns whether a GetArgs was seen so far. */
export function checkRequest(scene: Scene, m: PostcardFrame, getArgsSeen: boolean): boolean {
  const { value } = m;
  switch (value?.name) {
    case 'GetArgs':
      if (getArgsSeen) scene.raise(GETARGS_REPEATED, { message: m, text: 'the arguments were asked for before' });
      return true;
    case 'Exit':
      if (value.code !== 0) scene.raise(EXIT_CODE_NONZERO, { message: m, text: `exit code ${value.code}` });
      break;
    case 'Open':
      checkMode(scene, m, value);
      checkPath(scene, m, value.path);
      break;
    case 'Mkdir':
      checkPath(scene, m, value.path);
      break;
    case 'Connect':
      if (!('host' in value)) break;
      if (value.host.length === 0) scene.raise(CONNECT_HOST_EMPTY, { message: m, text: 'an empty host name' });
      checkNul(scene, m, 'host');
  }
  return getArgsSeen;
}

function checkPath(scene: Scene, m: PostcardFrame, path: Run): void {
  if (path.length === 0) scene.raise(OPEN_PATH_EMPTY, { message: m, text: `${m.name} of an empty path` });
  checkNul(scene, m, 'path');
}

function checkNul(scene: Scene, m: PostcardFrame, what: string): void {
  const at = m.data?.indexOf(0) ?? -1;
  if (at >= 0) scene.raise(PATH_NUL, { message: m, text: `the ${what} has a NUL after ${count(at, 'byte')}` });
}

function checkMode(scene: Scene, m: PostcardFrame, mode: ValueOf<typeof OPEN>): void {
  const { read, write, create, append, truncate } = mode;
  let text = '';
  if (!read && !write && !append) text = 'neither read nor write nor append';
  else if ((create || truncate) && !write && !append)
    text = `${create ? 'create' : 'truncate'} without write or append`;
  else if (truncate && append) text = 'truncate together with append';
  if (text !== '') scene.raise(OPEN_MODE, { message: m, text });
}
