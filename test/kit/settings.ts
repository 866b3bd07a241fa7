import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { AnalysisOptions } from '../../src/engine/analysis-options.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';

/** An analysis as the program's own without options, which prints no messages. */
export const SETTINGS: AnalysisOptions = {
  limits: DEFAULT_LIMITS,
  protocols: PROTOCOLS,
  decodeAs: [],
  streams: new Set(),
  levels: new Map(),
  details: false,
  bytes: false,
  keyrings: [],
  showSecrets: false,
};
