// What is valid where the server reads messages: a body of each route that takes one, and the messages of a client's link.
import { sha256Of } from "../../src/base/digest.ts";
import { HEADER_REPORT, PROTOCOL_VERSION } from "../../src/cluster/protocol/messages.ts";

export const ID = "5f0c2a52-1d7b-4c1e-9a35-0d6b7f4e2a11";
const OTHER_ID = "6f0c2a52-1d7b-4c1e-9a35-0d6b7f4e2a12";
const DIGEST = "0".repeat(64);

export interface RouteTarget {
  readonly name: string;
  readonly method: "HEAD" | "PATCH" | "POST";
  readonly path: string;
  /** Any of these is valid. */
  readonly bodies: readonly unknown[];
  /** The header that the message stands in; absent: it is the body. */
  readonly header?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mostBytes: number;
}

const JSON_BYTES = 1 << 20;
/** More is refused by the HTTP parser. */
const HEADER_BYTES = 12_000;

const PIECE = {
  "upload-offset": "0",
  "upload-complete": "?1",
  "content-type": "application/partial-upload",
  "x-ffcluster-block-sha256": sha256Of("12345"),
};

const REPORT = {
  clientId: ID,
  secret: DIGEST,
  sha256: DIGEST,
  bytes: 5,
  frames: 1,
  seconds: 1.5,
  encoder: "libx264",
  ffmpegVersion: "5.1",
  seamStart: null,
  seamAfterEnd: "x",
  decoded: "64x36",
  decodeErrors: ["x"],
  videoBytes: 5,
};

const post = (path: string, ...bodies: readonly unknown[]): RouteTarget => {
  return { name: path, method: "POST", path, bodies, mostBytes: JSON_BYTES };
};

export const ROUTE_TARGETS: readonly RouteTarget[] = [
  post("/api/v1/requests/check", {
    ffmpeg_params: "-c:v libx264 -vf scale=1280:-2,drawtext=text='%{pts}' -metadata title=x -map 0:v:0",
    output_name: "out.mp4",
    input_name: "in.mkv",
    has_subtitles: true,
  }),
  post("/api/v1/sources", { name: "in.mkv", bytes: 5, key: "k" }),
  post(`/api/v1/sources/${ID}/preview`, { ffmpeg_params: "-c:v libx264" }),
  post("/api/v1/sources/local", { path: "/srv/in.mkv", bytes: 5, mtime_ms: 1.5 }),
  post(`/api/v1/sources/local/${ID}`, { digests: [DIGEST, DIGEST] }),
  post("/api/v1/sources/on-server", { path: "in.mkv" }),
  post("/api/v1/jobs", {
    source_id: ID,
    source_url: null,
    copy_source: false,
    output_url: "s3+lab://results/out.mp4",
    overwrite: false,
    subtitles_source_id: OTHER_ID,
    ffmpeg_params: "-c:v libx264 -crf 20",
    output_name: "out.mp4",
    required_clients: 1,
    family: "auto",
    allow_mixed: true,
    wait_for_family: "ever",
    name: "n",
    verify: "fast",
    priority: 50,
    webhook: { url: "https://example.com/h", events: ["job.failed"], format: "slack", secret: null },
  }),
  post(`/api/v1/jobs/${ID}/move`, { to: "first", priority: 50 }, { before: ID }),
  post(
    "/ws/command",
    { ProcessLocalFile: { file_path: "in.mkv" } },
    { ListJobs: null },
    { GetJobStatus: { job_id: ID } },
    { CancelJob: { job_id: ID } },
    { ListClients: {} },
    { DisconnectClient: { client_id: ID } },
    "ListJobs",
  ),
  ...["upload-length", "upload-metadata"].map((header): RouteTarget => {
    const path = "/api/v1/tus";
    const headers = { "tus-resumable": "1.0.0", "upload-length": "5" };
    const bodies = header === "upload-length" ? [5] : [`filename aW4ubWt2,sha256 ${btoa(DIGEST)}`];
    return { name: `${path} ${header}`, method: "POST", path, bodies, header, headers, mostBytes: HEADER_BYTES };
  }),
  post("/api/v1/tokens", { name: "nas", role: "client", expires_in_seconds: 60 }),
  post("/api/v1/webhooks", {
    url: "https://example.com/hook",
    name: "nas",
    events: ["job.completed", "client.left"],
    format: "standard",
    secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
  }),
  post("/api/v1/enrol", { client_id: ID, name: "node", proof: DIGEST }),
  ...(["HEAD", "PATCH"] as const).map((method): RouteTarget => {
    const path = `/api/v1/attempts/${ID}/result`;
    const more = method === "PATCH" ? { headers: PIECE } : {};
    return {
      name: `${method} ${path}`,
      method,
      path,
      bodies: [REPORT],
      header: HEADER_REPORT,
      mostBytes: HEADER_BYTES,
      ...more,
    };
  }),
];

const ABILITIES = {
  slots: 2,
  slotsReason: "measured",
  encoders: ["libx264"],
  families: ["software"],
  pools: { software: 2, nvenc: 1 },
  limits: { h264_nvenc: { width: 4096, height: 4096, isDeep: false } },
  hardware: [{ family: "nvenc", device: null, encoders: ["h264_nvenc"], reason: "none" }],
  noRoom: "full",
  resting: { reason: "on battery", until: "2026-11-30T22:00:00.000Z", isSuspended: true },
};

export const HELLO = {
  type: "hello",
  protocol: PROTOCOL_VERSION,
  version: "0.1.0",
  clientId: ID,
  instance: OTHER_ID,
  host: "alpha",
  name: "node",
  platform: "linux-x64",
  ffmpeg: "5.1",
  ...ABILITIES,
  textPrints: { drawtext: "x", subtitles: null },
  benchmarkSeconds: 10,
  release: { major: 5, minor: 1 },
  decodes: ["h264"],
  filters: ["scale"],
  pixelFormats: { libx264: ["yuv420p"] },
  heldAttempts: [OTHER_ID],
};

/** What a client says after its hello. */
export const LINK_MESSAGES: readonly unknown[] = [
  HELLO,
  { type: "heartbeat" },
  { type: "progress", attemptId: ID, stage: "encoding", frames: 5, fps: 2.5 },
  { type: "attempt-failed", attemptId: ID, kind: "encode", reason: "x" },
  { type: "attempt-measured", attemptId: ID, secret: DIGEST, bits: 5, frames: 1, seconds: 1.5 },
  { type: "leaving" },
  { type: "abilities", ...ABILITIES },
  { type: "goodbye" },
];

/** What a server says to a client. */
export const SERVER_MESSAGES: readonly unknown[] = [
  {
    type: "welcome",
    protocol: PROTOCOL_VERSION,
    version: "0.1.0",
    nonce: { path: "/x", sha256: DIGEST },
    heartbeatMs: 2000,
    leaseMs: 15_000,
    keepAttempts: [ID],
    isPaused: false,
  },
  {
    type: "offer",
    attemptId: ID,
    secret: DIGEST,
    jobId: OTHER_ID,
    segmentIndex: 0,
    isBenchmark: true,
    source: {
      sourceId: ID,
      bytes: 5,
      blockBytes: 5,
      path: "/x",
      mtimeMs: 1.5,
      firstBlockSha256: DIGEST,
      lastBlockSha256: DIGEST,
    },
    sideFiles: [{ bytes: 5, sha256: DIGEST }],
    task: { streamIndex: 0, request: { video: {} } },
  },
  { type: "pause", isPaused: true },
  { type: "stop", attemptId: ID, reason: "x" },
  { type: "forget", sourceId: ID },
  { type: "heartbeat" },
  { type: "goodbye", reason: "x", reconnect: true, code: "E_PROTOCOL" },
];

/** Paths with something in the place of an id. */
export const PATHS: readonly (readonly [method: string, path: string])[] = [
  ["GET", "/api/v1/jobs/:id"],
  ["GET", "/api/v1/jobs/:id/detail"],
  ["GET", "/api/v1/jobs/:id/events?after=:id"],
  ["GET", "/api/v1/jobs/:id/logs"],
  ["GET", "/api/v1/jobs/:id/watch"],
  ["GET", "/api/v1/jobs/:id/proof"],
  ["GET", "/api/v1/jobs/:id/output"],
  ["GET", "/api/v1/jobs/:id/comparison"],
  ["GET", "/api/v1/jobs/:id/frames/:id?side=source"],
  ["GET", "/api/v1/jobs/:id/frames/0?side=:id"],
  ["HEAD", "/api/v1/jobs/:id/output"],
  ["GET", "/api/v1/jobs/:id/side-files/:id"],
  ["GET", "/api/v1/jobs?status=:id"],
  ["GET", "/api/v1/jobs?cursor=:id&limit=9"],
  ["POST", "/api/v1/jobs/:id/cancel"],
  ["POST", "/api/v1/jobs/:id/retry"],
  ["GET", "/api/v1/jobs/:id/attempts?cursor=:id"],
  ["GET", "/api/v1/tokens?state=:id"],
  ["GET", "/api/v1/audit?cursor=:id"],
  ["GET", "/api/v1/audit?limit=:id"],
  ["GET", "/api/v1/clients/:id"],
  ["POST", "/api/v1/clients/:id/drain"],
  ["POST", "/api/v1/clients/:id/pause"],
  ["POST", "/api/v1/clients/:id/resume"],
  ["POST", "/api/v1/clients/:id/disconnect"],
  ["POST", "/api/v1/tokens/:id/revoke"],
  ["POST", "/api/v1/tokens/:id/rotate"],
  ["GET", "/api/v1/webhooks/:id"],
  ["GET", "/api/v1/webhooks/:id/deliveries?limit=:id"],
  ["DELETE", "/api/v1/webhooks/:id"],
  ["POST", "/api/v1/webhooks/:id/test"],
  ["GET", "/api/v1/jobs/:id/deliveries?limit=:id"],
  ["GET", "/api/v1/session"],
  ["POST", "/api/v1/session"],
  ["DELETE", "/api/v1/session"],
  ["HEAD", "/api/v1/clients/:id"],
  ["HEAD", "/api/v1/sources/:id"],
  ["PATCH", "/api/v1/sources/:id"],
  ["POST", "/api/v1/sources/:id/preview"],
  ["GET", "/api/v1/sources/:id/blocks/:id"],
  ["GET", "/ws/command"],
  ["OPTIONS", "/api/v1/tus"],
  ["OPTIONS", "/api/v1/tus/:id"],
  ["HEAD", "/api/v1/tus/:id"],
  ["PATCH", "/api/v1/tus/:id"],
  ["DELETE", "/api/v1/tus/:id"],
  ["POST", "/api/v1/tus/:id"],
  ["GET", "/:id"],
];
