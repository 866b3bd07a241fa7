import { msgr1 } from '../../src/protocols/msgr1/index.js';
import { testRuleExamples } from '../kit/rule-examples.js';

testRuleExamples(msgr1);
