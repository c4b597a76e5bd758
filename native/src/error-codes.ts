/** `code` of the errors that the addon throws, each with `errno` where the kernel gave one: what each means. docs/errors.md shows them. */
export const nativeErrorCodes = {
  CWS_BPF_OPEN: 'A BPF object file cannot be opened or is no ELF file of BPF; `log` holds the words of libbpf.',
  CWS_BPF_LOAD: 'The kernel refused a BPF object; `log` ends with the words of the verifier. The sensor falls back to its next flavour.',
  CWS_BPF_ATTACH: 'A BPF program was loaded but cannot be attached: the kernel lacks its place, or tracefs is not mounted.',
  CWS_BPF_LOADED: 'A BPF object was to be changed after it was loaded.',
  CWS_BPF_NOT_LOADED: 'A map was used before its BPF object was loaded.',
  CWS_BPF_CLOSED: 'A BPF object was used after it was closed.',
  CWS_BPF_NO_PROGRAM: 'The BPF object has no program of that name.',
  CWS_BPF_NO_MAP: 'The BPF object has no map of that name.',
  CWS_BPF_NO_CONSTANT: 'The BPF object has no constant of that name and size.',
  CWS_BPF_MAP: 'A map cannot be read or written, or a key or value has another size than the map says.',
  CWS_DRAIN_OPEN: 'The native thread cannot be started.',
  CWS_DRAIN_SOURCE: 'A ring buffer cannot be drained: no room for another source, or its maps have another form.',
  CWS_DRAIN_CLOSED: 'The native thread was used after it was closed.',
  CWS_FANOTIFY_OPEN:
    'The kernel opens no fanotify group: the kernel is older than 5.9, or older than 5.13 and CAP_SYS_ADMIN is missing, or the user has too many groups.',
  CWS_FANOTIFY_MARK:
    'A directory cannot be watched by fanotify: it does not exist, there are too many marks, or its file system gives its files no handles.',
  CWS_CAPABILITIES: 'Capabilities cannot be read or given up.',
  CWS_DUMPABLE: 'The process cannot be kept from being dumped.',
  CWS_EXEC: 'The program cannot be executed in place of this one.',
  CWS_LOCK: 'A lock file cannot be opened or locked. Held by another process it is no error: the lock is then undefined.',
  CWS_NOTIFY: 'The service manager that started the agent cannot be told that it is ready.',
  CWS_PATTERN: 'A pattern of paths is none: it is not absolute, has an empty, `.` or `..` segment, an open `[`, or is too long.',
  CWS_PEER: 'Who is at the other end of a socket cannot be told.',
  CWS_TIMED: 'There is no memory to read with what may block.',
  CWS_WATCHDOG: 'The thread that watches the engine cannot be started, or there is one already.',
} as const
