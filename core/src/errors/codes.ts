/** All error codes: what each means and what to do. docs/errors.md is generated from this table. */
export const errorCodes = {
  CWS_ERR_EVENT_NAME: {
    means: 'An event type has a name that rules could not write.',
    todo: 'Use lower-case words: `usb`, or `agent.lost_events`.',
  },
  CWS_ERR_EVENT_DUPLICATE: {
    means: 'Two plugins declare one event type differently.',
    todo: 'Rename one, or import the other’s declaration.',
  },
  CWS_ERR_EVENT_UNKNOWN: {
    means: 'An event type that the model does not have was named.',
    todo: 'See `cws fields` for the types there are.',
  },
  CWS_ERR_EVENT_EXPIRED: {
    means: 'A plugin read an event after its dispatch; its memory belongs to another event by then.',
    todo: 'Copy what you need, or call `event.keep()` while the event is dispatched.',
  },
  CWS_ERR_FIELD_UNKNOWN: {
    means: 'A field that the event type does not have was named.',
    todo: 'The message names the nearest; see `cws fields`.',
  },
  CWS_ERR_FIELD_PROVIDER: { means: 'Two plugins provide the same field.', todo: 'Remove one of them.' },
  CWS_ERR_CONDITION: { means: 'A condition does not parse or does not fit the model.', todo: '`cws fields TYPE` lists what it can use.' },
  CWS_ERR_RULE: { means: 'A rule is not valid.', todo: 'The message says which key and why; the other rules run.' },
  CWS_ERR_CONFIG_NOT_FOUND: { means: 'The configuration that was named does not exist.', todo: 'Check the path, or run `cws init`.' },
  CWS_ERR_CONFIG_LOAD: {
    means: 'The configuration could not be read, parsed or evaluated.',
    todo: 'Mend the place shown; `cws check` tells whether it is right.',
  },
  CWS_ERR_CONFIG_TIMEOUT: { means: 'The function that makes the configuration did not settle.', todo: 'It must finish within 10 s.' },
  CWS_ERR_CONFIG_INVALID: {
    means: 'The configuration has a wrong key or value.',
    todo: 'Mend the place shown; `cws check` tells whether it is right.',
  },
  CWS_ERR_CONFIG_TRUST: {
    means: 'Run as root, the agent refuses code or configuration that others can write.',
    todo: 'Make the file and its folders owned by root and not writable by group and others.',
  },
  CWS_ERR_SECRET_LITERAL: {
    means: 'A secret is written in a configuration that others can read.',
    todo: 'Use env() or secretFile(), or `chmod 600` the configuration.',
  },
  CWS_ERR_SECRET_MISSING: {
    means: 'A secret names an environment variable or a file that is not there.',
    todo: 'Set it before the agent starts.',
  },
  CWS_ERR_PLUGIN_BLOCKED: {
    means: 'Code of a plugin did not return for 5 s; the agent was restarted without it. What happened meanwhile was not judged.',
    todo: 'Tell its author where it stood. Restart the agent to try it again.',
  },
  CWS_ERR_PLUGIN_NOT_FOUND: {
    means: 'A package named in the configuration is not installed.',
    todo: 'Install it in the folder of the configuration.',
  },
  CWS_ERR_PLUGIN_INVALID: {
    means: 'What the configuration lists is not a plugin, or a plugin is declared wrongly.',
    todo: 'The message says what came.',
  },
  CWS_ERR_PLUGIN_DUPLICATE: { means: 'Two plugin instances have the same name.', todo: 'Give one of them a `name`.' },
  CWS_ERR_PLUGIN_INCOMPATIBLE: {
    means: 'A plugin needs another version of @cws/core.',
    todo: 'Install the version that the message names.',
  },
  CWS_ERR_PLUGIN_OPTIONS: {
    means: 'A plugin was given a wrong option.',
    todo: 'The README of the plugin lists its options; `cws check` tells whether they are right.',
  },
  CWS_ERR_OPTION_NOT_CLONEABLE: {
    means: 'A notifier was given an option that cannot cross to the delivery thread, for example a function.',
    todo: 'Pass data; keep functions in the notifier’s own module.',
  },
  CWS_ERR_PLUGIN_SETUP: { means: 'A plugin failed while it was set up or started.', todo: 'The message is the plugin’s own.' },
  CWS_ERR_PLUGIN_SLOW: {
    means: 'A hook of a plugin ran for more than half a second; events waited meanwhile.',
    todo: 'Tell its author; a stall of seconds can lose events, which is then told as `agent.lost_events`.',
  },
  CWS_ERR_PLUGIN_TIMEOUT: {
    means: 'A plugin did not finish starting or stopping in time.',
    todo: 'Look for a promise that never settles.',
  },
  CWS_ERR_PLUGIN_FAULT: { means: 'A plugin threw in a hook.', todo: 'The message names plugin, hook and event; report it to its author.' },
  CWS_ERR_SERVICE: {
    means: 'A service that a plugin uses is not exposed, or is exposed twice.',
    todo: 'List the plugin that exposes it before the one that uses it.',
  },
  CWS_ERR_RELOAD: {
    means: 'A new configuration could not be put to work; the old one runs on.',
    todo: 'The message says why; mend it and send SIGHUP.',
  },
  CWS_ERR_SOURCES_FAILED: { means: 'No sensor could run, or a pinned flavour could not.', todo: '`cws doctor` says why.' },
  CWS_ERR_DESTINATION_UNKNOWN: {
    means: 'A notification rule names a notifier that is not among the plugins.',
    todo: 'Name one of the `plugins` of the configuration that are notifiers; `cws check` lists them.',
  },
  CWS_ERR_TEMPLATE: {
    means:
      'The template of a message is wrong, or failed for a signal; then the message goes out in the form that it has without a template.',
    todo: 'The message says where and why; docs/templates.md lists what a template can use.',
  },
  CWS_ERR_STATE_LOCKED: {
    means: 'Another agent uses this state folder.',
    todo: 'Stop it, or give this one a folder of its own: --state-dir.',
  },
  CWS_ERR_STATE_DIR: { means: 'A folder for state or run files cannot be made or used.', todo: 'Check its owner and permissions.' },
  CWS_ERR_RECORDING: {
    means: 'A recording cannot be written, or what should be replayed is none.',
    todo: 'The message says why; `cws record --out FILE` makes one.',
  },
  CWS_ERR_STORE: {
    means: 'The store of signals could not be written.',
    todo: 'Look at the disk; the agent goes on and keeps what it can in memory.',
  },
  CWS_ERR_DELIVERY: { means: 'The delivery thread could not start or has ended.', todo: 'The message says why.' },
  CWS_ERR_NOT_RUNNING: {
    means: 'No agent answers on the control socket.',
    todo: 'Start it with `cws run`, or name its folder: --run-dir.',
  },
  CWS_ERR_NOT_ALLOWED: {
    means: 'Only administrators of the agent may do this.',
    todo: 'The message names the command to give as root; docs/privileges.md says who may do what.',
  },
  CWS_ERR_UNEXPECTED: {
    means: 'A command ended with an error that nobody foresaw, or that is one of the system.',
    todo: 'The message is that of the system or of Node; `CWS_LOG_LEVEL=debug` shows where it happened.',
  },
  CWS_ERR_USAGE: { means: 'The command line is wrong.', todo: '`--help` after the command shows what it takes.' },
} as const satisfies Record<string, { means: string; todo: string }>

export type ErrorCode = keyof typeof errorCodes
