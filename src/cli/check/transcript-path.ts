/** The name of the transcript that belongs to a capture. */
export function transcriptPath(capture: string): string {
  return `${capture}.txt`;
}
