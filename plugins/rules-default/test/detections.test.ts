import { DetectionTester } from '@cws/plugin-rules/testing'
import { describe, expect, it } from 'vitest'
import defaults from '../src/index.ts'

describe('default detections', () => {
  new DetectionTester(defaults).run(it)

  it.each(defaults.detections ?? [])('$id says what it means, what to do and which technique it is', (detection) => {
    expect(detection.advice).toBeTruthy()
    expect(detection.benign?.length).toBeGreaterThan(0)
    expect(detection.tags?.some((tag) => /^mitre:T\d{4}(\.\d{3})?$/.test(tag))).toBe(true)
  })
})
