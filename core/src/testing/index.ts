export { type PluginCases, PluginTester, type TestRunner } from './plugin-tester.ts'
export { RuleTester, type RuleTesterOptions } from './rule-tester.ts'
export { type Delivery, sampleSignal, TestNotifier, type TestNotifierOptions } from './test-notifier.ts'
export { type ObservedFinding, type ObservedLog, TestPipeline } from './test-pipeline.ts'
