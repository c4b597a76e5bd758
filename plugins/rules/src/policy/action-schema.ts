import { z } from 'zod'
import { duration } from './values.ts'

const scalar = z.union([z.boolean(), z.int(), z.string()])
/** A value of a variable as it is written. */
const value = z.union([scalar, z.array(z.string()), z.array(z.int())])

export type WrittenValue = z.output<typeof value>

export const setSchema = z.object({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,255}$/, { error: 'letters, digits and `_` make the name of a variable' })
    .describe('Name of the variable: `${name}`, or `${scope.name}`'),
  value: value.optional().describe('What it is set to; one of `value`, `field`, `expression`'),
  field: z.string().min(1).optional().describe('The field whose value it is set to'),
  expression: z.string().min(1).optional().describe('The expression whose value it is set to; needs `default_value`'),
  default_value: value.optional().describe('Its value where nobody has set it, and its type'),
  scope: z.enum(['process', 'container', 'cgroup']).optional().describe('Whose it is; everybody’s if absent'),
  scope_field: z.string().min(1).optional().describe('Scope process: the field with the pid of the process whose it is'),
  append: z.boolean().optional().describe('It is a list, and the value is added'),
  size: z.int().min(1).max(10_000).optional().describe('Most elements of the list; 100 if absent'),
  ttl: duration.optional().describe('How long a value lasts'),
  inherited: z.boolean().optional().describe('Scope process: children have it too'),
  private: z.boolean().optional().describe('It is left out of what is told'),
})

export type SetDefinition = z.output<typeof setSchema>

export const logSchema = z.object({
  level: z.enum(['debug', 'info', 'warning', 'error']).describe('Level of the line'),
  message: z.string().optional().describe('Text of the line; names the rule if absent'),
})

const enforcementScope = z.enum(['process', 'container', 'cgroup']).optional()

/** Checked, and reported as not acting. */
export const inertSchemas = {
  kill: z.object({
    signal: z.string().regex(/^SIG[A-Z0-9]+$/, { error: 'a signal is written like `SIGKILL`' }),
    scope: enforcementScope,
    disable_container_disarmer: z.boolean().optional(),
    disable_executable_disarmer: z.boolean().optional(),
  }),
  hash: z.object({ field: z.string().min(1).optional(), max_file_size: z.int().min(0).optional() }),
  network_filter: z.object({
    filter: z.string().min(1),
    policy: z.enum(['drop', 'allow']).optional(),
    scope: z.enum(['process', 'cgroup']).optional(),
  }),
  coredump: z.object({
    process: z.boolean().optional(),
    mount: z.boolean().optional(),
    dentry: z.boolean().optional(),
    no_compression: z.boolean().optional(),
  }),
}

export const actionSchema = z
  .object({
    filter: z.string().min(1).optional().describe('Condition under which it is done, judged at that moment'),
    set: setSchema.optional().describe('Sets a variable'),
    log: logSchema.optional().describe('Writes a line to the log of the agent'),
    kill: inertSchemas.kill.optional().describe('Checked; does not act'),
    hash: inertSchemas.hash.optional().describe('Checked; does not act'),
    network_filter: inertSchemas.network_filter.optional().describe('Checked; does not act'),
    coredump: inertSchemas.coredump.optional().describe('Checked; does not act'),
  })
  .describe('One of the sections, and a filter')
