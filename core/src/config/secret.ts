import { z } from 'zod'

/** Where a secret is. `literal` stands only in configurations that nobody but their owner can read. Cloneable: it crosses to the delivery thread as it is. */
export type SecretRef = { readonly env: string } | { readonly file: string } | { readonly literal: string }

/** The secret in an environment variable, read when it is used. */
export function env(name: string): SecretRef {
  return Object.freeze({ env: name })
}

/** The secret in a file (its first line ends are trimmed), read when it is used. */
export function secretFile(path: string): SecretRef {
  return Object.freeze({ file: path })
}

const refSchema = z.union([
  z.strictObject({ env: z.string().min(1).describe('Environment variable that holds the secret') }),
  z.strictObject({ file: z.string().min(1).describe('File that holds the secret') }),
  z.strictObject({ literal: z.string() }),
])

/** Schema of an option that is a secret, marked `writeOnly`: `env('NAME')`, `secretFile('/path')`, or the text itself where the configuration is private. */
export function secret(description: string) {
  return z
    .union([
      z
        .string()
        .min(1)
        .transform((literal): SecretRef => ({ literal })),
      refSchema,
    ])
    .meta({ description, writeOnly: true })
}

/** Schema of a value that is a secret wherever it is a reference, for options that also take plain text: `z.union([z.string(), secretRef('…')])`. */
export function secretRef(description: string) {
  return refSchema.transform((ref): SecretRef => ref).meta({ description, writeOnly: true })
}
