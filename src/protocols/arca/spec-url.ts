const REPOSITORY = 'https://github.com/fix-project/arca/blob';
/** Family A is described in the branch where it was developed. */
const FAMILY_A = `${REPOSITORY}/arca-networking/PROTOCOL.md`;

/** URLs of the documents and sources behind each chapter of the rules. */
const CHAPTERS: Readonly<Record<string, string>> = {
  'Arca control traffic: framing and generations': `${FAMILY_A}#3-wire-format`,
  'Arca control traffic: shared memory': `${FAMILY_A}#2-pipes-and-shared-memory`,
  'Arca control frames (family A): listeners and connections': `${FAMILY_A}#4-message-catalog`,
  'Arca control frames (family A): request ids and replies': `${FAMILY_A}#correlation`,
  'Arca length-prefixed frames (family B): new pipes and file pipes': `${REPOSITORY}/arca-networking-pr-4.1/common/src/message/control.rs`,
  'Arca postcard frames (family C): contents': `${REPOSITORY}/main/common/src/protocol.rs`,
  'Arca postcard frames (family C): turns and pipes': `${REPOSITORY}/main/common/src/protocol/control.rs`,
};

/** The URL of the text behind a chapter of the rules; null: none. */
export function specUrl(spec: string): string | null {
  return CHAPTERS[spec] ?? null;
}
