// What a job is made of and never changes: its request, its source, and what the source was when the job was created.
import type { Rational } from "../../../base/rational.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { VerifyMode } from "../../../media/model/proof.ts";
import type { Container, DecodedPicture, SourceInfo } from "../../../media/model/source.ts";
import type { Principal } from "../../protocol/roles.ts";
import type { JobWebhook } from "../webhooks/records.ts";

/** Of a source that lies in a store or on a web host. */
export interface RemoteFacts {
  /** As it was handed in; its query may be a secret. */
  readonly address: string;
  /** The same for people. */
  readonly shown: string;
  /** Strong: every read names it. */
  readonly etag: string;
  readonly versionId?: string;
}

/** Of an output that goes to a store or a web host. */
export interface Destination {
  /** As it was asked for; its query may be a secret. */
  readonly address: string;
  /** The same for people. */
  readonly shown: string;
}

/** Where a job's source is, and what it was when the job was created; a later change fails the job. */
export interface SourceRecord {
  readonly sourceId: string;
  readonly name: string;
  readonly path: string;
  /** Where the path led when the source was registered: a link may point elsewhere later. Absent for uploads. */
  readonly realPath?: string;
  /** The server may delete an "uploaded" source; it only reads the others. The path of a "remote" one is for people. */
  readonly kind: "uploaded" | "local" | "media-root" | "remote";
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly firstBlockSha256: string;
  readonly lastBlockSha256: string;
  /** Id of the token that it was handed in with. Absent in those of earlier versions: an admin's. */
  readonly owner?: string;
  /** Of kind "remote". */
  readonly remote?: RemoteFacts;
}

/** Chosen by who submits, for one job: to ask again with it makes no second one. */
export interface Idempotency {
  readonly key: string;
  readonly requestSha256: string;
}

/** The part of a job that never changes; written once, when the job is created. */
export interface JobRecord {
  readonly jobId: string;
  readonly request: EncodeRequest;
  readonly requestText: string;
  readonly container: Container;
  readonly outputName: string;
  readonly source: SourceRecord;
  readonly info: SourceInfo;
  /** False (`--exactly=false`): accepts sources whose frames can't be counted, and splits filters that remember all frames. */
  readonly exactly: boolean;
  /** Absent in jobs of earlier versions: "fast". */
  readonly verify?: VerifyMode;
  readonly blockBytes: number;
  readonly encoderTimeBase: Rational;
  /** Seconds per frame of the constant rate that the source's times may be rounded from; absent: there is none. */
  readonly grid?: Rational;
  /** The token that it was submitted with. Absent in jobs of earlier versions: an admin's. */
  readonly owner?: Pick<Principal, "tokenId" | "name">;
  /** The `Idempotency-Key` that it was submitted with, and the digest of what was asked; absent: it had none. */
  readonly idempotency?: Idempotency;
  /** Who is told of it, beside the server's own webhooks; absent: nobody. */
  readonly webhook?: JobWebhook;
  /** Where the submitted source came from, for people; absent: it is a file. */
  readonly origin?: string;
  /** Where the output goes once its proof holds; absent: it stays here. */
  readonly destination?: Destination;
  /** What was done to the submitted file to make `source` of it; absent: `source` is that file. */
  readonly corrected?: string;
  /** What the output may have at most, where the request says so (`-size`). */
  readonly outputBytes?: number;
  /** The first picture of `source` as ffmpeg's own choice of a decoder gives it; absent: it is decoded when it is needed. */
  readonly firstPicture?: DecodedPicture;
}
