export { type PluginCases, PluginTester } from './plugin-tester.ts'
export { RuleTester, type RuleTesterOptions } from './rule-tester.ts'
export { type ObservedFinding, type ObservedLog, TestPipeline } from './test-pipeline.ts'
