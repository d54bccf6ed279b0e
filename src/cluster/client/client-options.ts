// What a client is told when it starts, and what it tells of itself while it runs.
import type { Log } from "../../base/log.ts";
import type { Inventory } from "../../media/ffmpeg/inventory.ts";
import type { PixelFormats } from "../../media/ffmpeg/pixel-formats.ts";
import type { Tools } from "../../media/ffmpeg/tools.ts";
import type { TextPrints } from "../../media/model/segment.ts";
import type { AttemptStage, Hello } from "../protocol/messages.ts";
import type { EncodeSegment } from "./attempt/segment-runner.ts";
import type { PathMapping, SourceAccessMode } from "./attempt/source-access.ts";
import type { ClientStore } from "./ports.ts";
import type { ClientDevice } from "./slots/encode-places.ts";

export interface ClientOptions {
  /** "http://host:port" or "https://host:port". */
  readonly serverUrl: string;
  readonly token: string;
  /** What to trust instead of the system's certificates. */
  readonly tls?: { readonly ca: string };
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
  /** What letters look like when they are drawn here; absent: no job that draws any. */
  readonly textPrints?: TextPrints;
  /** What its ffmpeg has; absent: every decoder and filter that a job may need. */
  readonly inventory?: Pick<Inventory, "decodes" | "filters">;
  /** What its software encoders take; absent: every format that a job may need. */
  readonly pixelFormats?: PixelFormats;
  /** Hardware, with what each device proved. */
  readonly devices?: readonly ClientDevice[];
  /** What was tried, for people. */
  readonly hardware?: Hello["hardware"];
  readonly store: ClientStore;
  readonly log: Log;
  readonly onStatus?: (status: ClientStatus) => void;
  /** On the way out, what will be done within this time is finished and handed over; the rest is given back. */
  readonly finishWithinMs?: number;
  /** Decode on the device that encodes; not when not given. */
  readonly hwDecode?: boolean;
  /** ffmpeg at low priority. */
  readonly nice?: boolean;
  /** Without a sign of work for this long an encode is given up; 30 s when not given. */
  readonly stallIdleMs?: number;
  /** Bound of source blocks on disk; 4 GiB when not given. */
  readonly cacheBytes?: number;
  readonly encodeSegment?: EncodeSegment;
}

export type ClientStatus =
  | { readonly kind: "connecting"; readonly clientId: string }
  | { readonly kind: "connected"; readonly clientId: string; readonly serverVersion: string; readonly slots: number }
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryInMs: number }
  /** Attempts by stage, at every change. */
  | { readonly kind: "working"; readonly attempts: Readonly<Record<AttemptStage, number>> }
  /** The server suspends what runs here, or lets it go on. */
  | { readonly kind: "paused" | "resumed" }
  | { readonly kind: "ended"; readonly reason: string };
