import { problemOfRegex } from '@cws/core'
import { z } from 'zod'

const KIB = 1024
const MIB = 1024 * KIB

/** Environment variables whose values say something about an attack and are no secrets. */
export const DEFAULT_ENV = [
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'LD_AUDIT',
  'PATH',
  'HISTFILE',
  'HISTSIZE',
  'HISTFILESIZE',
  'GLIBC_TUNABLES',
  'SSH_CLIENT',
  'SSH_CONNECTION',
  'NODE_OPTIONS',
  'PYTHONPATH',
  'PERL5LIB',
  'BASH_ENV',
  'ENV',
  'PROMPT_COMMAND',
] as const

const bytes = (least: number, most: number) => z.int().min(least).max(most)

export const optionsSchema = z.strictObject({
  flavour: z
    .enum(['auto', 'tp_btf', 'raw_tp', 'procfs'])
    .default('auto')
    .describe('How to watch: the best that works here, or this one alone'),
  env: z
    .array(
      z
        .string()
        .regex(/^[^=\0]{1,255}$/, 'must be the name of an environment variable')
        .describe('Name of a variable'),
    )
    .max(256)
    .default([...DEFAULT_ENV])
    .describe('Environment variables whose values are kept; of all others only the names leave the kernel'),
  scrub: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Replace secrets in arguments and environment before anything leaves the agent'),
      words: z
        .array(z.string().regex(/^[A-Za-z0-9_.*-]{2,64}$/, 'must be a word, with * for any run of characters'))
        .max(100)
        .default([])
        .describe('More names of secrets: `--my_pin=…`; `*` stands for any characters'),
      patterns: z
        .array(z.string().min(1).max(500).superRefine(checkRegex))
        .max(50)
        .default([])
        .describe('More secrets as RE2 regular expressions; their first group, or all that they match, is replaced'),
    })
    .prefault({})
    .describe('How secrets are kept out of output'),
  reportRunning: z
    .boolean()
    .default(false)
    .describe('Judge the processes that ran before the agent started, as exec events with event.source "snapshot"'),
  ringBytes: bytes(64 * KIB, 1024 * MIB)
    .refine((value) => (value & (value - 1)) === 0, 'must be a power of two')
    .default(8 * MIB)
    .describe('Size of the kernel’s ring buffer'),
  queueBytes: bytes(1 * MIB, 1024 * MIB)
    .refine((value) => value % 4096 === 0, 'must be whole pages of 4096 bytes')
    .default(32 * MIB)
    .describe('Size of the queue behind it, which bridges pauses of the engine; touched only when used'),
  maxTableBytes: bytes(2 * MIB, 2048 * MIB)
    .default(64 * MIB)
    .describe('Bound of the process table'),
  pollMs: z.int().min(10).max(60_000).default(250).describe('How often the procfs flavour looks'),
})

/** Each is tried on every text that is shown. */
function checkRegex(text: string, { addIssue }: z.RefinementCtx<string>): void {
  const problem = problemOfRegex(text)
  if (problem) addIssue({ code: 'custom', message: `must be an RE2 regular expression: ${problem}` })
}

export type Options = z.output<typeof optionsSchema>
