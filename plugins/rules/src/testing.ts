import assert from 'node:assert/strict'
import type { AnyDetection, RulePack } from '@cws/core'
import { problemsOfDetection } from './detections/cases.ts'
import { standardModel } from './evaluate/standard-model.ts'

/** For tests that do for real what has a rule fire. */
export { obstacle, perform } from './simulate/perform.ts'

type TestFunction = (name: string, run: () => Promise<void>) => void

/**
 * Runs the cases that stand in the detections of a pack, without root and without sensors, in any test runner:
 * `new DetectionTester(pack).run(it)`, or `await new DetectionTester(pack).problems(detection)`.
 */
export class DetectionTester {
  readonly #pack: RulePack

  constructor(pack: RulePack) {
    this.#pack = pack
  }

  /** Declares a test for each detection. */
  run(it: TestFunction): void {
    for (const detection of this.#pack.detections ?? [])
      it(detection.id, async () => {
        const problems = await this.problems(detection)
        assert.ok(problems.length === 0, problems.join('\n'))
      })
  }

  /**
   * What is wrong with a detection: that it does not fit the model or the pack's rules; that it has no case that fires or none that is silent; a case of
   * `fires` on whose last event it does not fire, or on an earlier one; a case of `silent` on which it fires.
   */
  problems(detection: AnyDetection): Promise<string[]> {
    return problemsOfDetection(detection, this.#pack.rules, standardModel.get)
  }
}
