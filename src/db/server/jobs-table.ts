// Rows of `jobs`: the record, written once, and the state, written whenever it differs.
import type { Database } from "bun:sqlite";
import { formatRational, parseRational, type Rational } from "../../base/rational.ts";
import type { AudioPhase, Job, JobStatus } from "../../cluster/scheduler/model/job.ts";
import type { Segment } from "../../cluster/scheduler/model/segment.ts";
import type { JobRecord } from "../../cluster/server/job/job-record.ts";
import type { EncoderFamily } from "../../media/model/encoder-family.ts";

interface JobRow {
  id: string;
  file_name: string;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  status: string;
  error: string | null;
  record: string;
  settings: string;
  encoder: string;
  family: string;
  split: string;
  time_base: string;
  duration_seconds: number | null;
  frame_rate: number | null;
  total_frames: number | null;
  cursor_pts: number | null;
  audio: string;
  counts_unreliable: number;
  output: string | null;
  rate: string | null;
  text: string | null;
  queue: string | null;
}

function requireTimeBase(text: string): Rational {
  const timeBase = parseRational(text);
  if (timeBase === null) throw new Error(`server.db holds the time base ${text}`);
  return timeBase;
}

function toJob(row: JobRow, segments: readonly Segment[]): Job {
  return {
    id: row.id,
    fileName: row.file_name,
    createdAt: row.created_at,
    startedAt: row.started_at,
    completedAt: row.completed_at,
    status: row.status as JobStatus,
    error: row.error === null ? null : (JSON.parse(row.error) as Job["error"]),
    settings: JSON.parse(row.settings) as Job["settings"],
    ...(row.queue === null ? {} : { queue: JSON.parse(row.queue) as NonNullable<Job["queue"]> }),
    encoder: row.encoder,
    family: row.family as EncoderFamily,
    split: JSON.parse(row.split) as Job["split"],
    timeBase: requireTimeBase(row.time_base),
    durationSeconds: row.duration_seconds,
    frameRate: row.frame_rate,
    ...(row.text === null ? {} : { text: JSON.parse(row.text) as NonNullable<Job["text"]> }),
    ...(row.rate === null ? {} : { rate: JSON.parse(row.rate) as NonNullable<Job["rate"]> }),
    gops: [],
    indexComplete: false,
    totalFrames: row.total_frames,
    cursorPts: row.cursor_pts,
    segments,
    audio: row.audio as AudioPhase,
    aloneSince: null,
    countsUnreliable: row.counts_unreliable !== 0,
    output: row.output === null ? null : (JSON.parse(row.output) as Job["output"]),
  };
}

export function loadJobs(database: Database, segmentsOf: (jobId: string) => readonly Segment[]) {
  const jobs = new Map<string, Job>();
  const records = new Map<string, JobRecord>();
  for (const row of database.query<JobRow, []>("SELECT * FROM jobs ORDER BY created_at, id").all()) {
    jobs.set(row.id, toJob(row, segmentsOf(row.id)));
    records.set(row.id, JSON.parse(row.record) as JobRecord);
  }
  return { jobs, records };
}

export function insertJob(database: Database, record: JobRecord, job: Job): void {
  database
    .query(
      `INSERT INTO jobs (id, file_name, created_at, status, record, settings, encoder, family, split, time_base, duration_seconds, frame_rate, rate, text, queue, audio, counts_unreliable)
       VALUES ($id, $fileName, $createdAt, $status, $record, $settings, $encoder, $family, $split, $timeBase, $durationSeconds, $frameRate, $rate, $text, $queue, $audio, 0)`,
    )
    .run({
      id: job.id,
      fileName: job.fileName,
      createdAt: job.createdAt,
      status: job.status,
      record: JSON.stringify(record),
      settings: JSON.stringify(job.settings),
      encoder: job.encoder,
      family: job.family,
      split: JSON.stringify(job.split),
      timeBase: formatRational(job.timeBase),
      durationSeconds: job.durationSeconds,
      frameRate: job.frameRate,
      rate: job.rate === undefined ? null : JSON.stringify(job.rate),
      text: textOf(job),
      queue: queueOf(job),
      audio: job.audio,
    });
}

function queueOf({ queue }: Job): string | null {
  return queue === undefined ? null : JSON.stringify(queue);
}

function textOf({ text }: Job): string | null {
  return text === undefined ? null : JSON.stringify(text);
}

export function jobRowDiffers(previous: Job | undefined, next: Job): boolean {
  if (previous === undefined || previous === next) return false; // only insertJob makes rows
  return (
    previous.status !== next.status ||
    previous.encoder !== next.encoder ||
    previous.startedAt !== next.startedAt ||
    previous.completedAt !== next.completedAt ||
    previous.error !== next.error ||
    previous.split !== next.split ||
    previous.text !== next.text ||
    previous.queue !== next.queue ||
    previous.totalFrames !== next.totalFrames ||
    previous.cursorPts !== next.cursorPts ||
    previous.audio !== next.audio ||
    previous.countsUnreliable !== next.countsUnreliable ||
    previous.output !== next.output
  );
}

export function updateJob(database: Database, job: Job): void {
  database
    .query(
      `UPDATE jobs SET started_at = $startedAt, completed_at = $completedAt, status = $status, encoder = $encoder, family = $family, error = $error, split = $split, text = $text, queue = $queue, total_frames = $totalFrames,
         cursor_pts = $cursorPts, audio = $audio, counts_unreliable = $countsUnreliable, output = $output WHERE id = $id`,
    )
    .run({
      id: job.id,
      startedAt: job.startedAt,
      completedAt: job.completedAt,
      status: job.status,
      encoder: job.encoder,
      family: job.family,
      error: job.error === null ? null : JSON.stringify(job.error),
      split: JSON.stringify(job.split),
      text: textOf(job),
      queue: queueOf(job),
      totalFrames: job.totalFrames,
      cursorPts: job.cursorPts,
      audio: job.audio,
      countsUnreliable: job.countsUnreliable ? 1 : 0,
      output: job.output === null ? null : JSON.stringify(job.output),
    });
}
