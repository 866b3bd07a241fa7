/** What NBD remembers across the connections of one run. */
export class NbdShared {
  connections = 0;
}
