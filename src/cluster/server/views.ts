// What the outside sees of jobs and clients: exactly the JSON of the command line's contract (docs: CLI, "JSON").
import type { ErrorBody } from "../../base/errors.ts";
import type { ClientStatus } from "../scheduler/model/client.ts";
import type { JobStatus } from "../scheduler/model/job.ts";

export interface JobView {
  readonly job_id: string;
  readonly file_name: string;
  readonly status: JobStatus;
  /** Percent of frames, 0 to 100. */
  readonly progress: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly error: ErrorBody | null;
  readonly encoder: string;
  readonly family: string;
  readonly fps: number;
  readonly eta_seconds: number | null;
  readonly segments: { readonly done: number; readonly running: number; readonly known: number };
  readonly frames: { readonly done: number; readonly total: number | null };
  readonly output: { readonly name: string; readonly bytes: number; readonly sha256: string } | null;
  /** Name the result will have; known from the start. */
  readonly output_name: string;
  /** What the server itself does for it just now ("checking every picture, 40 %"); null: nothing worth telling. */
  readonly activity: string | null;
  /** Clients that work on it now. */
  readonly clients: number;
  /** Clients that could work on it: connected and with the encoder. */
  readonly capable_clients: number;
  readonly required_clients: number;
}

export interface SegmentView {
  readonly index: number;
  readonly start_pts: number;
  readonly end_pts: number;
  readonly frames: number;
  readonly state: "pending" | "leased" | "measured" | "verifying" | "referencing" | "verified";
  readonly attempts: number;
  readonly client: string | null;
  readonly notes: readonly string[];
}

export interface EventView {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly job_id: string | null;
  readonly client_id: string | null;
  readonly segment_index: number | null;
  readonly attempt_id: string | null;
  readonly detail: string;
}

export interface AttemptView {
  readonly attempt_id: string;
  readonly segment_index: number;
  readonly client_id: string;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/** `jobs show`: the job with its history. */
export interface JobDetailView extends JobView {
  readonly ffmpeg_params: string;
  readonly split: string;
  /** Connected clients that do not work on it, and why. */
  readonly idle_clients: readonly { readonly client_id: string; readonly name: string; readonly reason: string }[];
  readonly segment_list: readonly SegmentView[];
  readonly attempts: readonly AttemptView[];
  readonly events: readonly EventView[];
}

export interface ClientView {
  readonly client_id: string;
  readonly name: string;
  readonly status: ClientStatus;
  readonly connected_at: string;
  readonly current_job: string | null;
  /** Frames per second, measured; null until then. */
  readonly performance: number | null;
  readonly slots: number;
  readonly platform: string;
  readonly ffmpeg: string;
  readonly families: readonly string[];
  readonly version: string;
  /** On request it finishes what it holds and gets nothing more. */
  readonly draining: boolean;
  /** On request what it runs is suspended, and it gets nothing more. */
  readonly paused: boolean;
  /** Why it gets no more work; null when it does. */
  readonly quarantine: string | null;
  /** Its disk is full and it gets nothing more until it has room; null: it has. */
  readonly no_room: string | null;
}

/** A hardware device, or a family without one, as the client tried it; reason: why it does not work. */
export interface HardwareView {
  readonly family: string;
  readonly device: string | null;
  readonly encoders: readonly string[];
  readonly reason: string | null;
}

export interface ClientDetailView extends ClientView {
  readonly encoders: readonly string[];
  readonly hardware: readonly HardwareView[];
  /** Encodes at a time by kind; null: `slots` for all together. */
  readonly pools: Readonly<Record<string, number>> | null;
  /** Why so many on the CPU; null: it has not said since the server began. */
  readonly slots_reason: string | null;
  readonly events: readonly EventView[];
}

export interface SourceView {
  readonly source_id: string;
  readonly name: string;
  readonly bytes: number;
}

/** An upload under the id that its source will have, and how much of it is there already. */
export interface UploadBegunView {
  readonly source_id: string;
  readonly offset: number;
}

export interface ServerInfoView {
  readonly version: string;
  readonly protocol: number;
  readonly ffmpeg: string;
  readonly defaults: {
    readonly ffmpeg_params: string;
    readonly file_name_output: string;
    readonly required_clients: number;
  };
}
