// A client as the scheduler sees it: what it said in its hello, what was measured, why it gets no work. Plain immutable
// data; only state-changes.ts changes its status.
import type { PixelFormats } from "../../../media/ffmpeg/builds/pixel-formats.ts";
import type { Release } from "../../../media/ffmpeg/releases.ts";
import type { TextPrints } from "../../../media/model/segment.ts";
import type { ClientId, JobId } from "./ids.ts";

/** Connected: it said hello and nothing since. Disconnected: silent for a lease time, or disconnected on request. */
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
  /** Why it does not work; null: it works. */
  readonly reason: string | null;
}

/** Why and until when a client takes no work, by the rules of its machine's owner. */
export interface Rest {
  /** For people. */
  readonly reason: string;
  /** ISO 8601; null: nobody knows. */
  readonly until: string | null;
  /** What it holds stands still; false: it ends what ends soon, and gives back the rest. */
  readonly isSuspended: boolean;
}

export interface EncoderLimits {
  readonly width: number;
  readonly height: number;
  readonly isDeep: boolean;
}

export interface Client {
  readonly id: ClientId;
  readonly name: string;
  /** Id of the running process; a new process leaves the quarantine of the old one. */
  readonly instance: string;
  readonly status: ClientStatus;
  readonly connectedAt: string;
  /** Since when it is Disconnected. */
  readonly goneSince?: string;
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
  /** How it renders text; absent: not known. In memory only, every hello repeats it. */
  readonly textPrints?: TextPrints;
  /** Of its ffmpeg; absent: not known. In memory only. */
  readonly release?: Release;
  /** Codecs that its ffmpeg decodes, and its filters; absent: not known. In memory only, every hello repeats them. */
  readonly decodes?: readonly string[];
  readonly filters?: readonly string[];
  /** What its software encoders take; absent: not known. In memory only. */
  readonly pixelFormats?: PixelFormats;
  readonly benchmarkSeconds: number | null;
  /** Monotonic moment of the last message; silence for a lease time disconnects. */
  readonly lastHeardAt: number;
  /** On request: it finishes what it holds and gets nothing more until it is resumed. */
  readonly isDraining: boolean;
  /** On request: it suspends what it runs, keeps its leases, and gets nothing more until it is resumed. */
  readonly isPaused: boolean;
  /** Why it gets no more work; null: it does. */
  readonly quarantine: string | null;
  /** In memory only. */
  readonly troubles?: readonly Trouble[];
  /** In words: its disk is full. It gets nothing more until it has space again. In memory only. */
  readonly noRoom?: string;
  /** It takes no work now, by its owner's rules, and says when it does again. In memory only. */
  readonly resting?: Rest;
  /** It finishes what it can and leaves. In memory only. */
  readonly isLeaving?: boolean;
  /** The socket closed without a goodbye: nothing is offered until the next hello. In memory only. */
  readonly isLinkDown?: boolean;
  /** Measured frames per second of ONE slot, per job. */
  readonly slotFps: Readonly<Record<JobId, number>>;
  /** Frames per second of the whole client, last measured; null until then. */
  readonly performance: number | null;
}
