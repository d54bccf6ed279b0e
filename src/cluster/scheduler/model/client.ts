// A client as the scheduler sees it: what it told in its hello, what was measured, why it gets no work. Plain immutable
// data; its status is changed by state-changes.ts alone.
import type { Release } from "../../../media/ffmpeg/releases.ts";
import type { TextPrints } from "../../../media/model/segment.ts";
import type { ClientId, JobId } from "./ids.ts";

/** Connected: hello taken, no heartbeat since. Disconnected: gone for its lease time, or disconnected on purpose. */
export type ClientStatus = "Connected" | "Benchmarking" | "Processing" | "Idle" | "Disconnected";

/** A segment that a client failed on since it last delivered one. */
export interface Trouble {
  readonly jobId: JobId;
  readonly segmentIndex: number;
}

/** A device or family as its client tried it. */
export interface HardwareNote {
  readonly family: string;
  readonly device: string | null;
  readonly encoders: readonly string[];
  /** Why it does not work; null when it does. */
  readonly reason: string | null;
}

export interface EncoderLimits {
  readonly width: number;
  readonly height: number;
  readonly isDeep: boolean;
}

export interface Client {
  readonly id: ClientId;
  readonly name: string;
  /** One running process; a new one is free of what the old one was blamed for. */
  readonly instance: string;
  readonly status: ClientStatus;
  readonly connectedAt: string;
  /** Grows with each hello of this id; messages of an older link are ignored. */
  readonly link: number;
  readonly slots: number;
  readonly platform: string;
  readonly ffmpeg: string;
  readonly version: string;
  readonly encoders: readonly string[];
  readonly families: readonly string[];
  /** Encodes at a time by kind ("software", "nvenc", …); absent: `slots` for all of them together. In memory only. */
  readonly pools?: Readonly<Record<string, number>>;
  /** The largest picture and depth of hardware encoders, by trial. In memory only. */
  readonly limits?: Readonly<Record<string, EncoderLimits>>;
  /** Why it has so many slots on the CPU, for people. In memory only. */
  readonly slotsReason?: string;
  /** What the trials of each device said, for people. In memory only. */
  readonly hardware?: readonly HardwareNote[];
  /** Pixels per second of one slot by encoder, last measured. */
  readonly encoderRates?: Readonly<Record<string, number>>;
  /** What letters look like when it draws them; absent: not known. Kept in memory only, every hello tells it. */
  readonly textPrints?: TextPrints;
  /** Of its ffmpeg; absent: not known. In memory only. */
  readonly release?: Release;
  /** Codecs that its ffmpeg decodes, and its filters; absent: not known. Kept in memory only, every hello tells them. */
  readonly decodes?: readonly string[];
  readonly filters?: readonly string[];
  readonly benchmarkSeconds: number | null;
  /** Monotonic moment of the last message; silence for a lease time disconnects. */
  readonly lastHeardAt: number;
  /** On request: what it holds is finished, nothing more is offered until it is resumed. */
  readonly isDraining: boolean;
  /** On request: what it runs is suspended, nothing more is offered until it is resumed; its leases go on. */
  readonly isPaused: boolean;
  /** Why it gets no more work; null: it does. */
  readonly quarantine: string | null;
  /** In memory only. */
  readonly troubles?: readonly Trouble[];
  /** Its disk is full, in words; it gets nothing more until it says that it has room. In memory only. */
  readonly noRoom?: string;
  /** It finishes what it can and goes. In memory only. */
  readonly isLeaving?: boolean;
  /** The socket closed without a goodbye: nothing is offered until the next hello. In memory only. */
  readonly isLinkDown?: boolean;
  /** Measured frames per second of ONE slot, per job. */
  readonly slotFps: Readonly<Record<JobId, number>>;
  /** Frames per second of the whole client, last measured; null until then. */
  readonly performance: number | null;
}
