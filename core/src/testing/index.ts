export { type PluginCases, PluginTester } from './plugin-tester.ts'
export { type ObservedFinding, type ObservedLog, TestPipeline } from './test-pipeline.ts'
