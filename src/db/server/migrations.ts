// The schema of server.db, one entry per version. Timestamps are ISO text, PTS integers in the job's time base.
import type { Migrations } from "../open.ts";

const initial = `
CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  connected_at TEXT NOT NULL,
  slots INTEGER NOT NULL,
  platform TEXT NOT NULL,
  ffmpeg TEXT NOT NULL,
  version TEXT NOT NULL,
  encoders TEXT NOT NULL,
  families TEXT NOT NULL,
  benchmark_seconds REAL,
  slot_fps TEXT NOT NULL,
  performance REAL
) STRICT;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  file_name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  started_at TEXT,
  completed_at TEXT,
  status TEXT NOT NULL,
  error TEXT,
  record TEXT NOT NULL,
  settings TEXT NOT NULL,
  encoder TEXT NOT NULL,
  family TEXT NOT NULL,
  split TEXT NOT NULL,
  time_base TEXT NOT NULL,
  duration_seconds REAL,
  frame_rate REAL,
  total_frames INTEGER,
  cursor_pts INTEGER,
  audio TEXT NOT NULL,
  counts_unreliable INTEGER NOT NULL,
  output TEXT
) STRICT;
CREATE INDEX jobs_by_creation ON jobs (created_at);

CREATE TABLE segments (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  idx INTEGER NOT NULL,
  start_pts INTEGER NOT NULL,
  end_pts INTEGER NOT NULL,
  frames INTEGER NOT NULL,
  phase TEXT NOT NULL,
  lead_in INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  losses INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  failed_on TEXT NOT NULL,
  notes TEXT NOT NULL,
  PRIMARY KEY (job_id, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  segment_index INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  lead_in INTEGER NOT NULL,
  is_benchmark INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  outcome TEXT,
  reason TEXT
) STRICT;
CREATE INDEX attempts_by_job ON attempts (job_id, started_at);
CREATE INDEX live_attempts ON attempts (id) WHERE ended_at IS NULL;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  type TEXT NOT NULL,
  job_id TEXT,
  client_id TEXT,
  segment_index INTEGER,
  attempt_id TEXT,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_job ON events (job_id, seq);
CREATE INDEX events_by_client ON events (client_id, seq);
`;

/** A leased segment names all its live attempts instead of one. */
const rivals = `
UPDATE segments SET phase = json_object('kind', 'leased', 'attemptIds', json_array(json_extract(phase, '$.attemptId')))
WHERE json_extract(phase, '$.kind') = 'leased' AND json_extract(phase, '$.attemptId') IS NOT NULL;
`;

/** Two passes: what a job's bit rate must be, and what is known of each segment's bits. Null in jobs of one pass. */
const twoPasses = `
ALTER TABLE jobs ADD COLUMN rate TEXT;
ALTER TABLE segments ADD COLUMN rate TEXT;
`;

/** Draining, quarantine, and the process that a quarantine belongs to. */
const heldBack = `
ALTER TABLE clients ADD COLUMN instance TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN is_draining INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN quarantine TEXT;
`;

/** Jobs that draw text: with which filters, and the print of the first client. Null in all others. */
const text = `
ALTER TABLE jobs ADD COLUMN text TEXT;
`;

/** The encoder of each attempt, which in a mixed job need not be the job's. Null in attempts of earlier versions. */
const attemptEncoder = `
ALTER TABLE attempts ADD COLUMN encoder TEXT;
`;

/** How fast each client is with each encoder, so that a restarted server can elect by it. */
const encoderRates = `
ALTER TABLE clients ADD COLUMN encoder_rates TEXT NOT NULL DEFAULT '{}';
`;

/** Clients whose work is suspended. */
const paused = `
ALTER TABLE clients ADD COLUMN is_paused INTEGER NOT NULL DEFAULT 0;
`;

/** Who may call, by the digest of each token. */
const tokens = `
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  hash TEXT NOT NULL,
  client_id TEXT,
  created_at TEXT NOT NULL,
  expires_at TEXT,
  revoked_at TEXT
) STRICT;
CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE revoked_at IS NULL;
`;

/** The audit log's own rows of `events`, which are counted at each entry. */
const auditRows = `
CREATE INDEX audit_events ON events (seq) WHERE type = 'audit';
`;

/** How the machine of a client proves that it is the one that got its key. */
const proofs = `
ALTER TABLE tokens ADD COLUMN proof_hash TEXT;
`;

/** Priority, owner and place of each job among those that wait. Null in jobs of earlier versions. */
const queuePlace = `
ALTER TABLE jobs ADD COLUMN queue TEXT;
`;

/** How a token that was asked for with a key can be shown again. Null in tokens of earlier versions. */
const madeTokens = `
ALTER TABLE tokens ADD COLUMN made TEXT;
`;

/** Webhooks of the server, and the outbox of all webhooks: a delivery with a due time is still to be made. */
const webhooks = `
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  format TEXT NOT NULL,
  secret TEXT,
  events TEXT NOT NULL,
  created_at TEXT NOT NULL,
  failing_since TEXT,
  off TEXT
) STRICT;
CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  lane TEXT NOT NULL,
  webhook_id TEXT REFERENCES webhooks (id) ON DELETE CASCADE,
  job_id TEXT,
  event TEXT NOT NULL,
  at TEXT NOT NULL,
  notice TEXT NOT NULL,
  due_ms INTEGER,
  outcome TEXT,
  tries TEXT NOT NULL
) STRICT;
CREATE INDEX waiting_deliveries ON deliveries (lane, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX ended_deliveries ON deliveries (seq) WHERE due_ms IS NULL;
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, seq);
CREATE INDEX own_deliveries_by_job ON deliveries (job_id, seq) WHERE webhook_id IS NULL;
`;

const goneSince = `
ALTER TABLE clients ADD COLUMN gone_since TEXT;
`;

const madeWebhooks = `
ALTER TABLE webhooks ADD COLUMN made TEXT;
`;

export const SERVER_MIGRATIONS: Migrations = [
  initial,
  rivals,
  twoPasses,
  heldBack,
  text,
  attemptEncoder,
  encoderRates,
  paused,
  tokens,
  auditRows,
  proofs,
  queuePlace,
  madeTokens,
  webhooks,
  goneSince,
  madeWebhooks,
];
