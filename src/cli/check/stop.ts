/** What the main thread sends to the others after a signal: judging ends at once, and every file that they write is complete or absent. */
export const STOP = 'stop';
