/** What the main thread says to the others when a signal came: what they judge ends where it is, and files are complete or not there. */
export const STOP = 'stop';
