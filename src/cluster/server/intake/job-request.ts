// What is asked of the server when a job is made.
import type { EncoderFamily } from "../../../media/model/encoder-family.ts";
import type { VerifyMode } from "../../../media/model/proof.ts";
import type { NewJobWebhook } from "../webhooks/calls.ts";

export interface JobRequest {
  /** Null: `sourceUrl` names the source. */
  readonly sourceId: string | null;
  /** A source in a store or on a web host. */
  readonly sourceUrl?: string;
  /** If that can't be read in place, the server may copy it first. */
  readonly copySource?: boolean;
  /** Where the output goes once its proof holds: a store or a web host. */
  readonly outputUrl?: string;
  /** An object there may be replaced. */
  readonly overwrite?: boolean;
  /** A subtitle file that was submitted as a source. */
  readonly subtitlesSourceId?: string | null;
  /** Null: the server's default. */
  readonly ffmpegParams: string | null;
  readonly outputName: string | null;
  readonly requiredClients: number | null;
  /** For a request that names a codec: the only encoder family it may use; null and "auto": any. */
  readonly family: EncoderFamily | "auto" | null;
  readonly allowMixed: boolean | null;
  /** Seconds that a started job waits for clients with its encoder family; null: a minute. */
  readonly waitForFamily: number | "ever" | null;
  /** Display name; null: the source's. */
  readonly name: string | null;
  /** Null: the server's default. */
  readonly verify: VerifyMode | null;
  /** 0 to 100; null and absent: 50. */
  readonly priority?: number | null;
  /** Who is told of it, beside the server's own webhooks. */
  readonly webhook?: NewJobWebhook | null;
}
