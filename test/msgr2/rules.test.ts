import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { testRuleExamples } from '../kit/rule-examples.js';

testRuleExamples(msgr2);
