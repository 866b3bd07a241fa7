export { decimal, exact, isSmall, wide } from '../../base/u64.js';
