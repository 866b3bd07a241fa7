import { pesto } from '../../src/protocols/pesto/index.js';
import { testRuleExamples } from '../kit/rule-examples.js';

testRuleExamples(pesto);
