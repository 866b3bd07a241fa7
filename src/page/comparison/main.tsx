import '../page.css';
import './comparison.css';
import type { ComparisonPage } from '../../report/page/comparison.js';
import { begin } from '../begin.js';
import { ComparisonApp } from './app.js';
import { Comparison } from './model.js';

void begin('comparison', (packed) => {
  const comparison = new Comparison(JSON.parse(new TextDecoder().decode(packed)) as ComparisonPage);
  return [comparison.short.join(' and '), <ComparisonApp key="app" comparison={comparison} />];
});
