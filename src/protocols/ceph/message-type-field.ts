import { u16, type Field } from '../../base/field.js';
import { messageTypeName } from './message-types.js';

/** A message's type. JSON has its name, and the number in a field of its own. */
export const messageTypeField: Field<number, 'given'> = {
  ...u16(),
  rows: (type, at) => [
    { name: 'messageType', at, length: 2, value: messageTypeName(type), text: `${type} ${messageTypeName(type)}` },
    { name: 'typeCode', at, length: 2, value: type },
  ],
};
