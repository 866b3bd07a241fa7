/** Rules: plain data, for all layers. */

export type Severity = 'error' | 'warning' | 'note';
export type Party = 'client' | 'server' | 'either' | 'capture';
/** `certain`; `likely` = depends on capture order or on inferred framing; `weak` = heuristic. */
export type Confidence = 'certain' | 'likely' | 'weak';
/** Which bytes a rule needs: one direction alone, whichever direction carries the item, both, or the whole session. */
export type Needs = 'client' | 'server' | 'either' | 'both' | 'session' | 'capture';

/** One step of an example session: bytes that one side sends, or how it ends its stream. */
export type Step =
  | {
      readonly from: 'client' | 'server';
      readonly bytes: Uint8Array;
      /** Bytes of the peer's stream that the sender had received by then; all that the peer sent before, where not given. */
      readonly seen?: number;
    }
  | { readonly from: 'client' | 'server'; readonly end: 'fin' | 'reset' }
  | { readonly from: 'client' | 'server'; readonly gap: number }
  /** Nothing happens for that many seconds. */
  | { readonly pause: number }
  /** The next steps are on a new connection; `meanwhile`: the earlier one stays open. */
  | { readonly then: 'new connection'; readonly meanwhile?: boolean }
  /** The next steps are on the connection that was left open. */
  | { readonly then: 'earlier connection' };

export interface Example {
  /** What happens, in one line. */
  readonly text: string;
  readonly steps: () => readonly Step[];
  /** The server's TCP port, which matters to some rules. */
  readonly port?: number;
  /** What an earlier pass has learned (contract: ProtocolOptions.learned), where the session cannot be decoded without keys. */
  readonly knows?: () => unknown;
  /** Text of a TLS key log, where part of the session is inside TLS. */
  readonly keyLog?: string;
}

export interface Rule {
  /** `PROTOCOL/kebab-case`. Never changes its meaning. */
  readonly id: string;
  readonly severity: Severity;
  readonly party: Party;
  readonly needs: Needs;
  /** One line: what is wrong when the rule fires. */
  readonly title: string;
  /** A paragraph or more: the requirement, why it exists, what follows from a breach, what deployed software does. */
  readonly meaning: string;
  /** The section of the protocol's own document. */
  readonly spec: string;
  /** The URL of that section, for rules that belong to no protocol (for others see Protocol.specUrl). */
  readonly specUrl?: string;
  /** Correct but noisy: only reported where it is switched on by `--rule ID=LEVEL`. */
  readonly off?: boolean;
  /**
   * What happens where a stream breaks the rule again. Where absent: each error is raised; a note or warning is raised once for each wording
   * (numbers aside), and then only counted. `habit`: an implementation does it all the time; notes and warnings are raised once a stream,
   * whatever their wording. `each`: every one is raised, as each is about a place that the reader has to see.
   */
  readonly again?: 'habit' | 'each';
  /** A session that breaks exactly this rule (rules about captures have none). */
  readonly breaks?: Example;
  /** The same session without the breach. */
  readonly keeps?: Example;
  /** Further rules of severity warning or error that the breaking example necessarily breaks as well. */
  readonly also?: readonly string[];
}
