import { count } from '../../../base/text.js';
import {
  CONNECT_HOST_EMPTY,
  EXIT_CODE_NONZERO,
  GETARGS_REPEATED,
  OPEN_MODE,
  OPEN_PATH_EMPTY,
  PATH_NUL,
} from '../rules/postcard-contents.js';
import type { Scene } from '../scene.js';
import type { PostcardFrame } from './postcard-frame.js';

/** Judges what a control request asks for. Returns whether GetArgs was seen by now. */
export function checkRequest(scene: Scene, m: PostcardFrame, getArgsSeen: boolean): boolean {
  switch (m.name) {
    case 'GetArgs':
      if (getArgsSeen) scene.raise(GETARGS_REPEATED, { message: m, text: 'the arguments were asked for before' });
      return true;
    case 'Exit':
      if (m.values[0] !== 0) scene.raise(EXIT_CODE_NONZERO, { message: m, text: `exit code ${m.values[0]}` });
      break;
    case 'Open':
      checkMode(scene, m);
      checkPath(scene, m);
      break;
    case 'Mkdir':
      checkPath(scene, m);
      break;
    case 'Connect':
      if (m.data === null) break;
      if (m.values[0] === 0) scene.raise(CONNECT_HOST_EMPTY, { message: m, text: 'an empty host name' });
      checkNul(scene, m, 'host');
  }
  return getArgsSeen;
}

function checkPath(scene: Scene, m: PostcardFrame): void {
  if (m.values[0] === 0) scene.raise(OPEN_PATH_EMPTY, { message: m, text: `${m.name} of an empty path` });
  checkNul(scene, m, 'path');
}

function checkNul(scene: Scene, m: PostcardFrame, what: string): void {
  const at = m.data?.indexOf(0) ?? -1;
  if (at >= 0) scene.raise(PATH_NUL, { message: m, text: `the ${what} has a NUL after ${count(at, 'byte')}` });
}

/** Open: path, then read, write, create, append, truncate. */
function checkMode(scene: Scene, m: PostcardFrame): void {
  const [, read, write, create, append, truncate] = m.values.map((v) => v !== 0);
  let text = '';
  if (!read && !write && !append) text = 'neither read nor write nor append';
  else if ((create || truncate) && !write && !append)
    text = `${create ? 'create' : 'truncate'} without write or append`;
  else if (truncate && append) text = 'truncate together with append';
  if (text !== '') scene.raise(OPEN_MODE, { message: m, text });
}
