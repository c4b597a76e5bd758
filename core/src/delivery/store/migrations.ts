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
  // Conversations. What was owed and never tried is told as it is now; what may have arrived keeps its key and its bytes.
  `CREATE TABLE conversations (
     signal TEXT NOT NULL, destination TEXT NOT NULL, rule TEXT, wanted INTEGER NOT NULL, changed_at INTEGER NOT NULL, opened_at INTEGER,
     told_revision INTEGER NOT NULL, told_severity INTEGER NOT NULL, told_count INTEGER NOT NULL, told_status TEXT NOT NULL,
     told_at INTEGER NOT NULL, tellings INTEGER NOT NULL, generation INTEGER NOT NULL, receipt TEXT, key_revision INTEGER NOT NULL,
     key_count INTEGER NOT NULL, escalations TEXT NOT NULL, due INTEGER, PRIMARY KEY (signal, destination)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE destinations (
     name TEXT PRIMARY KEY, mode TEXT, failures INTEGER NOT NULL, opened_at INTEGER, probe_at INTEGER NOT NULL, backoff INTEGER NOT NULL,
     is_broken INTEGER NOT NULL, last_error TEXT
   ) STRICT;
   ALTER TABLE outbox RENAME TO outbox_before;
   CREATE TABLE outbox (
     key TEXT PRIMARY KEY, destination TEXT NOT NULL, signal TEXT NOT NULL, revision INTEGER NOT NULL, severity INTEGER NOT NULL,
     count INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, rule TEXT, generation INTEGER NOT NULL, tier INTEGER NOT NULL,
     body TEXT NOT NULL, line TEXT, created INTEGER NOT NULL, attempt INTEGER NOT NULL, not_before INTEGER NOT NULL, backoff INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('waiting', 'making', 'sending', 'failed', 'ambiguous')), last_error TEXT
   ) STRICT;
   INSERT INTO conversations
     SELECT o.signal, o.destination, NULL, s.revision, min(o.created), min(o.created),
       min(o.revision) - 1, iif(min(o.revision) > 1, s.severity, 0), 0, iif(min(o.revision) > 1, 'open', ''),
       0, min(o.revision) - 1, 1, NULL, max(iif(o.attempt > 0, o.revision, 0)), max(o.attempt > 0), '[]', 0
     FROM outbox_before o JOIN signals s ON s.id = o.signal GROUP BY o.signal, o.destination;
   INSERT INTO outbox
     SELECT key, destination, signal, revision, severity, 0, 'open', CASE revision WHEN 1 THEN 'opened' ELSE 'updated' END, NULL, 1, 0,
       body, NULL, created, attempt, not_before, backoff, iif(attempt > 0, 'ambiguous', 'failed'), last_error
     FROM outbox_before o WHERE attempt > 0 OR NOT EXISTS (SELECT 1 FROM signals s WHERE s.id = o.signal);
   DROP TABLE outbox_before;`,
  // Messages of several signals, and what a more severe signal keeps quiet.
  `ALTER TABLE outbox ADD COLUMN covers TEXT;
   ALTER TABLE conversations ADD COLUMN kept_by TEXT;
   CREATE INDEX conversations_kept ON conversations (kept_by) WHERE kept_by IS NOT NULL;`,
  // What people say of notifications while the agent runs: whom nobody is told of, and how rules differ from the configuration.
  `CREATE TABLE mutes (
     id INTEGER PRIMARY KEY AUTOINCREMENT, condition TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL, created INTEGER NOT NULL, until INTEGER,
     critical INTEGER NOT NULL, reminded INTEGER, ended INTEGER, muted INTEGER
   ) STRICT;
   CREATE TABLE muted (mute INTEGER NOT NULL, signal TEXT NOT NULL, PRIMARY KEY (mute, signal)) STRICT, WITHOUT ROWID;
   CREATE TABLE rule_edits (
     rule TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, base TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
     PRIMARY KEY (rule, field)
   ) STRICT, WITHOUT ROWID;`,
  // What a mute has muted is counted with it, so that what names the signals leaves with them.
  `UPDATE mutes SET muted = (SELECT count(*) FROM muted WHERE mute = id) WHERE muted IS NULL;
   DELETE FROM muted WHERE signal NOT IN (SELECT id FROM signals);
   CREATE INDEX muted_signal ON muted (signal);`,
  // What is to be said of such changes: whom a mute kept from what, what destinations are to hear, what the log of the next agent says.
  `ALTER TABLE mutes ADD COLUMN announced INTEGER;
   UPDATE mutes SET announced = created;
   CREATE TABLE mute_audience (mute INTEGER NOT NULL, destination TEXT NOT NULL, PRIMARY KEY (mute, destination)) STRICT, WITHOUT ROWID;
   CREATE TABLE notices (
     destination TEXT NOT NULL, subject TEXT NOT NULL, title TEXT NOT NULL, lines TEXT NOT NULL, count INTEGER NOT NULL,
     changed_at INTEGER NOT NULL, told_at INTEGER NOT NULL, PRIMARY KEY (destination, subject)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE unlogged (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, message TEXT NOT NULL, details TEXT NOT NULL) STRICT;`,
  // What a disk has changed is not sent for what was meant; null: written before there were checksums.
  'ALTER TABLE outbox ADD COLUMN checksum INTEGER',
  // A change that takes more than one which was told just now does not wait.
  `ALTER TABLE notices ADD COLUMN weight INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE notices ADD COLUMN told_weight INTEGER NOT NULL DEFAULT 0`,
  // What was given up since too much waited is told, and counted, whatever becomes of the process.
  `CREATE TABLE shed (
     destination TEXT NOT NULL, lane TEXT NOT NULL, count INTEGER NOT NULL, told_at INTEGER NOT NULL, PRIMARY KEY (destination, lane)
   ) STRICT, WITHOUT ROWID`,
  'ALTER TABLE destinations ADD COLUMN last_error_at TEXT',
  // What keeps others quiet is told again to say so.
  'ALTER TABLE conversations ADD COLUMN kept_since INTEGER',
  // Who of several refused a message is no reason to take a signal as unheard there.
  'ALTER TABLE dead ADD COLUMN in_part INTEGER NOT NULL DEFAULT 0',
]

/** Migrations of `state.db`, the durable state of plugins. */
export const stateMigrations: readonly string[] = [
  'CREATE TABLE state (plugin TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (plugin, key)) STRICT, WITHOUT ROWID;',
]
