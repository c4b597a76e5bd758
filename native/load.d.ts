/** The addon cannot be used on this machine; the message says why and what to do. */
export declare class NativeUnavailableError extends Error {
  code: 'CWS_ERR_NATIVE_UNAVAILABLE'
  constructor(message: string, options?: ErrorOptions)
}

/** Facts about a machine on which the addon could not be loaded. */
export interface LoadFacts {
  platform: string
  arch: string
  /** Version of the C library; undefined when it is not glibc. */
  glibc: string | undefined
  /** The addon's file; undefined when no package that has it is installed. */
  installed: string | undefined
  error: (Error & { code?: string }) | undefined
}

/** Why the addon cannot be loaded and what to do, in one sentence or two. */
export declare function diagnose(facts: LoadFacts): string

/** The addon's raw functions, and the folder that it and the BPF objects lie in. Throws {@link NativeUnavailableError}. */
export declare function load(): { addon: unknown; folder: string }

/** Path of a BPF object that is shipped with the addon (`process.bpf.o`). Throws {@link NativeUnavailableError}. */
export declare function objectPath(name: string): string
