/** Migrations of `signals.db`, in order; the number of those applied is its `user_version`. Never edit one that was released. */
export const signalMigrations: readonly string[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE signals (
     id TEXT PRIMARY KEY, rule TEXT NOT NULL, severity INTEGER NOT NULL, status TEXT NOT NULL, revision INTEGER NOT NULL,
     first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL
   ) STRICT;
   CREATE INDEX signals_archived ON signals (id) WHERE status = 'archived';
   CREATE TABLE outbox (
     key TEXT PRIMARY KEY, destination TEXT NOT NULL, signal TEXT NOT NULL, revision INTEGER NOT NULL, severity INTEGER NOT NULL,
     body TEXT NOT NULL, created INTEGER NOT NULL, attempt INTEGER NOT NULL, not_before INTEGER NOT NULL, backoff INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'failed', 'ambiguous')), last_error TEXT
   ) STRICT;
   CREATE TABLE dead (
     key TEXT PRIMARY KEY, destination TEXT NOT NULL, signal TEXT NOT NULL, revision INTEGER NOT NULL,
     reason TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL
   ) STRICT;`,
  // The evidence of a signal in parts, in the order of their rowids.
  `CREATE TABLE evidence (signal TEXT NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE INDEX evidence_signal ON evidence (signal);`,
]

/** Migrations of `state.db`, the durable state of plugins. */
export const stateMigrations: readonly string[] = [
  'CREATE TABLE state (plugin TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (plugin, key)) STRICT, WITHOUT ROWID;',
]
