// The options of a client, and the status that it reports while it runs.
import type { Log } from "../../base/log.ts";
import type { Trust } from "../../base/tls/trust.ts";
import type { Inventory } from "../../media/ffmpeg/builds/inventory.ts";
import type { PixelFormats } from "../../media/ffmpeg/builds/pixel-formats.ts";
import type { Tools } from "../../media/ffmpeg/tools.ts";
import type { TextPrints } from "../../media/model/segment.ts";
import type { AttemptStage, Hello } from "../protocol/messages.ts";
import type { EncodeSegment } from "./attempt/segment-runner.ts";
import type { PathMapping, SourceAccessMode } from "./attempt/source-access.ts";
import type { ClientKey } from "./link/client-key.ts";
import type { ClaimedIdentity, ClientStore } from "./ports.ts";
import type { RestRules } from "./rest/may-work.ts";
import type { MachineWatch } from "./rest/rest-watch.ts";
import type { ClientDevice } from "./slots/encode-places.ts";

export interface ClientOptions {
  /** "http://host:port" or "https://host:port". */
  readonly serverUrl: string;
  readonly token: string;
  /** Its own key to that server; absent: it has none, and shows the token. */
  readonly key?: ClientKey;
  /** Absent: it claims one. */
  readonly identity?: ClaimedIdentity;
  /** Absent: the system's authorities are trusted. */
  readonly tls?: Trust;
  readonly name: string;
  readonly slots: number | "auto";
  readonly sourceAccess: SourceAccessMode;
  readonly pathMap: readonly PathMapping[];
  /** The first wait between tries; grows to a minute. */
  readonly reconnectDelayMs: number;
  /** False: the first failure to connect, or a lost connection, ends the client with E_UNREACHABLE. */
  readonly persistent: boolean;
  readonly benchmarkSeconds: number | null;
  readonly tools: Tools;
  /** Encoders proven here. */
  readonly encoders: readonly string[];
  /** How this machine renders text; absent: it gets no jobs that render any. */
  readonly textPrints?: TextPrints;
  /** What its ffmpeg can do; absent: it has every decoder and filter that a job may need. */
  readonly inventory?: Pick<Inventory, "decodes" | "filters">;
  /** What its software encoders take; absent: every format that a job may need. */
  readonly pixelFormats?: PixelFormats;
  /** Hardware devices, with what each one proved. */
  readonly devices?: readonly ClientDevice[];
  /** The results of all hardware trials, for people. */
  readonly hardware?: Hello["hardware"];
  readonly store: ClientStore;
  readonly log: Log;
  readonly onStatus?: (status: ClientStatus) => void;
  /** When it leaves, it finishes and hands over what takes less than this, and gives back the rest. */
  readonly finishWithinMs?: number;
  /** Decode on the device that encodes; false when absent. */
  readonly hwDecode?: boolean;
  /** Run ffmpeg at low priority. */
  readonly nice?: boolean;
  /** An encode without a sign of work for this long is given up; 30 s when absent. */
  readonly stallIdleMs?: number;
  /** Most bytes of source blocks on disk; 4 GiB when absent. */
  readonly cacheBytes?: number;
  readonly encodeSegment?: EncodeSegment;
  /** Its part of all processors, 0 to 1; absent: all of them. */
  readonly cpuShare?: number | undefined;
  /** It keeps to its part by itself, because the system does not see to that. */
  readonly throttles?: boolean;
  /** When it works; absent: always. */
  readonly rest?: RestRules;
  /** Where the machine is looked at, to see whether it may work; absent: this one. */
  readonly machine?: MachineWatch;
}

/** A segment that the client holds. */
export interface HeldSegment {
  /** Null where the server does not say, or it was encoded before this start. */
  readonly fileName: string | null;
  readonly segment: number | null;
  readonly stage: AttemptStage;
  readonly frames: number;
  /** That it will have; null: not known. */
  readonly expectedFrames: number | null;
  readonly fps: number;
}

export type ClientStatus =
  | { readonly kind: "connecting"; readonly clientId: string }
  | { readonly kind: "connected"; readonly clientId: string; readonly serverVersion: string; readonly slots: number }
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryInMs: number }
  /** What it holds, at every change. */
  | { readonly kind: "working"; readonly held: readonly HeldSegment[] }
  /** The server suspends what runs here, or lets it go on. */
  | { readonly kind: "paused" | "resumed" }
  /** It takes no work by its own rules, or it does again. */
  | { readonly kind: "resting"; readonly reason: string; readonly until: string | null }
  | { readonly kind: "rested" }
  | { readonly kind: "ended"; readonly reason: string };
