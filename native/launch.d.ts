export { NativeUnavailableError } from './load.js'

/** Numbers of linux/capability.h, by name. */
export declare const CAPABILITIES: Readonly<Record<string, number>>

/** The calling thread's capability sets, as arrays of names. */
export declare function capGet(): Record<'effective' | 'permitted' | 'inheritable' | 'bounding', string[]>

/**
 * Drops every capability but those named (`CAP_BPF`) from the calling thread's bounding, permitted, effective and inheritable sets, for good.
 * Other threads keep theirs: execute right after. Throws RangeError for an unknown name, an Error with code `CWS_CAPABILITIES`.
 */
export declare function capDrop(keep: readonly string[]): void

/** What is executed from now on gains no privileges by set-id bits or file capabilities. */
export declare function noNewPrivileges(): void

/** Replaces this process; returns only by throwing an Error with code `CWS_EXEC` and errno. */
export declare function execve(path: string, argv: readonly string[], env: Readonly<Record<string, string | undefined>>): never
