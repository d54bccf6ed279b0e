// Makes views (views.ts) of the scheduler's state. Pure.

import { isReachable } from "../scheduler/ability/capability.ts";
import type { Client } from "../scheduler/model/client.ts";
import type { Job } from "../scheduler/model/job.ts";
import { ORDINARY_PRIORITY } from "../scheduler/model/queue-place.ts";
import type { Segment } from "../scheduler/model/segment.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import { goneSince } from "../scheduler/rules/client-names.ts";
import { crewOf } from "../scheduler/views/crew.ts";
import { heldJobOf, jobProgress } from "../scheduler/views/job-progress.ts";
import { ADMIN_TOKEN } from "./access/tokens.ts";
import type { JobRecord } from "./job/job-record.ts";
import type { ClientView, CrewMemberView, JobView, SegmentView } from "./views.ts";

export function jobView(state: SchedulerState, job: Job, record: JobRecord, activity: string | null): JobView {
  const progress = jobProgress(state, job);
  return {
    job_id: job.id,
    file_name: job.fileName,
    status: job.status,
    progress: progress.percent,
    created_at: job.createdAt,
    started_at: job.startedAt,
    completed_at: job.completedAt,
    error: job.error,
    encoder: job.encoder,
    family: job.family,
    fps: Math.round(progress.fps * 10) / 10,
    eta_seconds: progress.etaSeconds,
    segments: progress.segments,
    frames: { done: progress.framesDone, total: progress.framesTotal },
    duration_seconds: job.durationSeconds,
    output: job.output,
    output_name: record.outputName,
    activity,
    clients: progress.clients,
    capable_clients: progress.capableClients,
    required_clients: job.settings.requiredClients,
    owner: ownerName(record),
    source_url: record.origin ?? null,
    output_url: record.destination?.shown ?? null,
    priority: job.queue?.priority ?? ORDINARY_PRIORITY,
    queue_place: job.queue?.place ?? 0,
    source_bytes: record.source.bytes,
  };
}

/** For answers about one job: a list of jobs would grow with their clients. */
export function crewView(state: SchedulerState, job: Job): readonly CrewMemberView[] {
  return crewOf(state, job).map(({ clientId, segments, fps, ...member }) => ({
    client_id: clientId,
    ...member,
    segments: segments.map(({ index, stage, framesDone, frames }) => {
      return { index, stage, frames: { done: framesDone, total: frames } };
    }),
    fps: Math.round(fps * 10) / 10,
  }));
}

/** The name of the token that a job was submitted with. */
export function ownerName(record: JobRecord | undefined): string {
  return record?.owner?.name ?? ADMIN_TOKEN;
}

export function segmentView(state: SchedulerState, segment: Segment): SegmentView {
  const { phase } = segment;
  let client: string | null = null;
  if (phase.kind === "leased") {
    const names = phase.attemptIds.map((id) => {
      const clientId = state.attempts.get(id)?.clientId ?? "";
      return state.clients.get(clientId)?.name ?? clientId;
    });
    client = names.join(", ") || null;
  } else if ("landed" in phase) {
    client = phase.landed.clientName;
  }
  return {
    index: segment.index,
    start_pts: segment.startPts,
    end_pts: segment.endPts,
    frames: segment.frames,
    state: phase.kind,
    attempts: segment.attempts,
    client,
    notes: segment.notes,
  };
}

/** The leases of a client without a link wait a moment for it to come back; whoever looks sees that it is not there. */
export function shownStatus(client: Client): Client["status"] {
  return isReachable(client) ? client.status : "Disconnected";
}

function restView({ resting }: Client): NonNullable<ClientView["resting"]> | null {
  return resting === undefined
    ? null
    : { reason: resting.reason, until: resting.until, suspended: resting.isSuspended };
}

export function clientView(state: SchedulerState, client: Client, keys: readonly string[]): ClientView {
  const isHere = isReachable(client);
  const job = heldJobOf(state, client.id);
  return {
    client_id: client.id,
    name: client.name,
    status: shownStatus(client),
    connected_at: client.connectedAt,
    gone_since: goneSince(client),
    current_job: isHere ? job : null,
    leased_job: isHere ? null : job,
    performance: client.performance === null ? null : Math.round(client.performance * 10) / 10,
    slots: client.slots,
    platform: client.platform,
    ffmpeg: client.ffmpeg,
    families: client.families,
    version: client.version,
    draining: client.isDraining,
    paused: client.isPaused,
    quarantine: client.quarantine,
    no_room: client.noRoom ?? null,
    resting: restView(client),
    keys,
  };
}

/** Follows the text that says how the job is split; empty for a job of one pass. */
export function passesText(job: Job): string {
  if (job.rate === undefined) return "";
  const measured = job.segments.filter(({ rate }) => rate?.measuredBits !== undefined).length;
  return `, in two passes: ${measured} measured`;
}
