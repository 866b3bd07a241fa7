import type { Json } from '../../../base/annotation.js';
import { u64, u8 } from '../../../base/field.js';
import { hexNumber } from '../../../base/hex.js';
import { inner, layout, type AnyLayout } from '../../../base/layout.js';

/** Calls of family L (arca.md 1.5): an opcode, then a body of fixed length; little-endian. */
const NAMES = ['CreateBlob', 'CreateTree', 'CreateThunk', 'RunThunk', 'Apply', 'Reply', 'Drop'] as const;
export const HANDLE_TYPES = ['blob', 'tree', 'thunk', 'lambda'] as const;

const type = u8({ text: (opcode) => `${opcode} ${callName(opcode)}` });
export const OPCODE = layout('little', { type });

/** Memory that a blob or tree is made from. */
export const REGION = layout('little', {
  type,
  ptr: u64({ text: (ptr) => hexNumber(ptr), description: 'address in the guest' }),
  size: u64({ description: 'bytes' }),
});

/** A reference to an object of the host. */
export const HANDLE = layout('little', { type: u8(), value: u64() });

const handle = (name: string) => inner(name, HANDLE, handleText);

function handleText(handle: { readonly type: number; readonly value: bigint }): [value: Json, text: string] {
  const kind = HANDLE_TYPES[handle.type] ?? `type ${handle.type}`;
  return [{ type: kind, value: String(handle.value) }, `${kind} ${hexNumber(handle.value)}`];
}

export const ONE_HANDLE = layout('little', { type, handle: handle('handle') });
export const APPLY = layout('little', { type, lambda: handle('lambda'), argument: handle('argument') });

/** The calls by their opcode. */
export const CALLS: readonly { readonly name: string; readonly layout: AnyLayout }[] = [
  { name: NAMES[0], layout: REGION },
  { name: NAMES[1], layout: REGION },
  { name: NAMES[2], layout: ONE_HANDLE },
  { name: NAMES[3], layout: ONE_HANDLE },
  { name: NAMES[4], layout: APPLY },
  { name: NAMES[5], layout: ONE_HANDLE },
  { name: NAMES[6], layout: ONE_HANDLE },
];

/** The name of a call; `type 10` if it is not defined. */
export function callName(opcode: number): string {
  return NAMES[opcode] ?? `type ${opcode}`;
}
