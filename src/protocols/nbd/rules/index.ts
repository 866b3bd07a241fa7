import type { Rule } from '../../../base/rule.js';

export const RULES: readonly Rule[] = [];
