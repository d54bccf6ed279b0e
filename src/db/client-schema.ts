// The tables of client.db, as numbered migrations: append, never edit.

/** Migration n brings the database from user_version n to n + 1. */
export const CLIENT_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;

  -- Finished segments that the server has not acknowledged.
  CREATE TABLE results (
    attempt_id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES identities (id),
    job_id TEXT NOT NULL,
    path TEXT NOT NULL,
    report TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX results_of_client ON results (client_id, created_at);

  -- Which encoders work here; the key names ffmpeg and the machine's devices.
  CREATE TABLE encoder_reports (
    key TEXT PRIMARY KEY,
    report TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;
  `,
];
