import { nbd } from '../../src/protocols/nbd/index.js';
import { testRuleExamples } from '../kit/rule-examples.js';

testRuleExamples(nbd);
