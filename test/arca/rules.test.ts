import { arca } from '../../src/protocols/arca/index.js';
import { testRuleExamples } from '../kit/rule-examples.js';

testRuleExamples(arca);
