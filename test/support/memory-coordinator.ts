// A stand-in coordinator for tests of the API and the command line: everything in memory, no ffmpeg, no scheduler.
// Tests drive a job's life by hand with `update`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { sha256Of } from "../../src/base/digest.ts";
import { AppError } from "../../src/base/errors.ts";
import { newId, resolveId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import type { UploadAppend } from "../../src/base/upload/resumable-upload.ts";
import type { ResultReport } from "../../src/cluster/protocol/messages.ts";
import type { Principal } from "../../src/cluster/protocol/roles.ts";
import type { QueueMove } from "../../src/cluster/scheduler/model/queue-place.ts";
import type { Enrolment, KeyedToken, Leased, NewToken } from "../../src/cluster/server/access/calls.ts";
import { Tokens } from "../../src/cluster/server/access/tokens.ts";
import { ChangeFeed } from "../../src/cluster/server/change-feed.ts";
import { KeyedJobs } from "../../src/cluster/server/facade/keyed-jobs.ts";
import type { JobRequest } from "../../src/cluster/server/intake/job-request.ts";
import type { Idempotency, JobRecord } from "../../src/cluster/server/job/job-record.ts";
import type { ClientsWanted, JobsWanted, Page, PageWanted, TokensWanted } from "../../src/cluster/server/lists.ts";
import { isNamed, pageInOrder, pageOf } from "../../src/cluster/server/lists.ts";
import type { BurnInFile, ClientLink, Coordinator, FrameWanted, LinkSocket } from "../../src/cluster/server/ports.ts";
import type {
  AttemptLogView,
  AttemptView,
  AuditEntryView,
  AuditRowView,
  ClientDetailView,
  ClientView,
  ComparisonView,
  EventView,
  JobDetailView,
  JobView,
  LocalChallengeView,
  ServerInfoView,
  SourcePreviewView,
  SourceView,
  TokenView,
} from "../../src/cluster/server/views.ts";
import { openWebhooks } from "../../src/cluster/server/webhooks/open-webhooks.ts";
import { PartialFile } from "../../src/cluster/transfer/partial-file.ts";
import { MemoryStore } from "./memory-store.ts";
import { requireDescribed } from "./watch-answers.ts";

type Proof = Awaited<ReturnType<Coordinator["proof"]>>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ReceivedResult {
  readonly attemptId: string;
  readonly report: unknown;
  readonly bytes: number;
}

type Tus = NonNullable<Parameters<Coordinator["beginUpload"]>[0]["tus"]>;

function withoutNames(ids: Iterable<string>) {
  return [...ids].map((id) => ({ id, names: [] }));
}

export class MemoryCoordinator implements Coordinator {
  readonly token = "test-token";
  readonly tokens = new Tokens(new MemoryStore(), () => new Date().toISOString());
  /** Owner of each job, upload and source that has one. */
  readonly owners = new Map<string, string>();
  /** Clients' leases: "CLIENT SOURCE" and "CLIENT JOB". */
  readonly leases = new Set<string>();
  readonly jobs = new Map<string, Mutable<JobView>>();
  /** What `moveJob` was asked for. */
  readonly moves: ({ readonly id: string } & QueueMove)[] = [];
  readonly clients = new Map<string, Mutable<ClientView>>();
  readonly sources = new Map<string, SourceView & { readonly content: Uint8Array }>();
  readonly uploads = new Map<string, { name: string; key: string | null; file: PartialFile; tus: Tus | null }>();
  /** By job id and number: "…/0". */
  /** Of a block of a source. */
  blockBytes = 4;
  readonly burnInFiles = new Map<string, BurnInFile>();
  readonly requests: JobRequest[] = [];
  readonly results: ReceivedResult[] = [];
  readonly links: LinkSocket[] = [];
  readonly messages: string[] = [];
  readonly audited: AuditEntryView[] = [];
  /** Each begins its id with its job's. */
  readonly attempts: AttemptView[] = [];
  closedLinks = 0;
  /** Local challenges are refused, as from a server on another machine. */
  sharesFiles = true;
  /** Makes the next calls of `listJobs` fail as a bug would. */
  breaks = false;
  onJob: (job: JobView) => void | Promise<void> = () => {};
  readonly #watchers = new Map<string, Set<(view: JobView) => void>>();
  readonly #outputs = new Map<string, string>();
  readonly #challenges = new Map<string, { path: string; bytes: number }>();
  readonly feed = new ChangeFeed({
    jobIds: () => this.jobs.keys(),
    jobView: (id) => this.jobs.get(id) ?? null,
    clientViewer: () => (id) => this.clients.get(id) ?? null,
    clientViews: () => [...this.clients.values()],
    maySeeJob: (who, id) => this.#isVisible(who, id),
  });
  readonly #folder: string;
  readonly #keys: Pick<JobRecord, "jobId" | "owner" | "idempotency">[] = [];
  readonly #keyed = new KeyedJobs(
    {
      madeWith: (tokenId, key) => {
        const isIt = ({ owner, idempotency }: Pick<JobRecord, "owner" | "idempotency">) =>
          owner?.tokenId === tokenId && idempotency?.key === key;
        return this.#keys.findLast(isIt) as JobRecord | undefined;
      },
      view: (jobId) => this.#find(jobId),
    },
    () => 0, // its jobs are all of one old day
  );

  private constructor(folder: string) {
    this.#folder = folder;
    this.tokens.use("admin", "admin", this.token);
  }

  static async open(): Promise<MemoryCoordinator> {
    return new MemoryCoordinator(await mkdtemp(join(tmpdir(), "ffcluster-memory-")));
  }

  /** Throws when an answer to a request was not as the API's description says. */
  async close(): Promise<void> {
    this.feed.stop();
    await this.#hooks.stop();
    await rm(this.#folder, { recursive: true });
    requireDescribed();
  }

  get watcherCount(): number {
    return [...this.#watchers.values()].reduce((sum, set) => sum + set.size, 0);
  }

  addJob(change: Partial<JobView> = {}): JobView {
    const job: JobView = {
      job_id: newId(),
      file_name: "in.mp4",
      status: "Queued",
      progress: 0,
      created_at: "2026-11-22T10:00:00.000Z",
      started_at: null,
      completed_at: null,
      error: null,
      encoder: "libx264",
      family: "software",
      fps: 0,
      eta_seconds: null,
      segments: { done: 0, running: 0, known: 0 },
      frames: { done: 0, total: null },
      output: null,
      output_name: "in.ffcluster.mp4",
      activity: null,
      clients: 0,
      capable_clients: 1,
      required_clients: 1,
      owner: "admin",
      priority: 50,
      ...change,
    };
    this.jobs.set(job.job_id, job);
    this.feed.touch("job", job.job_id);
    return job;
  }

  addClient(change: Partial<ClientView> = {}): ClientView {
    const client: ClientView = {
      client_id: newId(),
      name: "node-1",
      status: "Idle",
      connected_at: "2026-11-22T10:00:00.000Z",
      current_job: null,
      leased_job: null,
      performance: 91.2,
      slots: 2,
      platform: "linux-x64",
      ffmpeg: "5.1.9",
      families: ["software"],
      version: "0.1.0",
      draining: false,
      paused: false,
      quarantine: null,
      no_room: null,
      resting: null,
      keys: [],
      ...change,
    };
    this.clients.set(client.client_id, client);
    this.feed.touch("client", client.client_id);
    return client;
  }

  update(id: string, change: Partial<JobView>): void {
    const job = { ...this.#find(id), ...change };
    this.jobs.set(id, job);
    for (const listener of this.#watchers.get(id) ?? []) listener(job);
    this.feed.touch("job", id);
  }

  async complete(id: string, content: Uint8Array): Promise<void> {
    const path = join(this.#folder, `${id}.out`);
    await Bun.write(path, content);
    this.#outputs.set(id, path);
    const output = { name: this.#find(id).output_name, bytes: content.length, sha256: sha256Of(content) };
    this.update(id, { status: "Completed", progress: 100, output });
  }

  #find(id: string): Mutable<JobView> {
    const found = this.jobs.get(resolveId(id, withoutNames(this.jobs.keys()), "job"));
    if (!found) throw new Error("resolved ids exist");
    return found;
  }

  info(): ServerInfoView {
    const defaults = {
      ffmpeg_params: "-c:v libx264",
      file_name_output: "<input stem>.ffcluster.mp4",
      required_clients: 1,
    };
    return { version: "0.1.0", protocol: 1, ffmpeg: "5.1.9", defaults };
  }

  standingOf(token: string) {
    return this.tokens.standingOf(token);
  }

  #isVisible(who: Principal, id: string): boolean {
    return who.role !== "submit" || this.owners.get(id) === who.tokenId;
  }

  visibleJob(who: Principal, id: string): string {
    const ids = [...this.jobs.keys()].filter((jobId) => this.#isVisible(who, jobId));
    return resolveId(id, withoutNames(ids), "job");
  }

  requireOwnSource(who: Principal, sourceId: string): void {
    if (!this.#isVisible(who, sourceId)) throw new AppError("E_UNKNOWN_ID", `no source ${sourceId}`, "Begin one.");
  }

  requireLease(who: Principal, what: Leased): void {
    const id = "jobId" in what ? what.jobId : what.sourceId;
    if (who.role !== "client" || this.leases.has(`${who.clientId} ${id}`)) return;
    throw new AppError("E_STALE_ATTEMPT", "no lease", "Wait for an offer.");
  }

  joinToken() {
    return "join-token-0123456789";
  }

  listTokens({ states, roles, ...wanted }: TokensWanted) {
    const isWanted = ({ state, role }: TokenView) =>
      (states?.includes(state) ?? true) && (roles?.includes(role) ?? true);
    return pageInOrder(this.tokens.list(), isWanted, wanted);
  }

  createToken(wanted: NewToken) {
    return this.tokens.create(wanted);
  }

  createTokenOnce(wanted: NewToken, who: Principal, once: KeyedToken) {
    return this.tokens.createOnce(wanted, who.tokenId, once);
  }

  revokeToken(name: string) {
    return this.tokens.revoke(name);
  }

  rotateToken(name: string) {
    return this.tokens.rotate(name);
  }

  enrolClient(who: Principal, enrolment: Enrolment) {
    return this.tokens.enrol(who, enrolment);
  }

  readonly #hooks = openWebhooks({ store: new MemoryStore(), clock: systemClock, log: silentLog });
  readonly listWebhooks = this.#hooks.calls.listWebhooks;
  readonly webhook = this.#hooks.calls.webhook;
  readonly createWebhook = this.#hooks.calls.createWebhook;
  readonly createWebhookOnce = this.#hooks.calls.createWebhookOnce;
  readonly removeWebhook = this.#hooks.calls.removeWebhook;
  readonly testWebhook = this.#hooks.calls.testWebhook;
  readonly webhookDeliveries = this.#hooks.calls.webhookDeliveries;
  readonly jobDeliveries = this.#hooks.calls.jobDeliveries;

  readonly #begunOnce = new Map<string, { source_id: string; offset: number }>();

  async beginUpload({ name, bytes, key, tus }: Parameters<Coordinator["beginUpload"]>[0], who: Principal) {
    if (bytes === 0) throw new AppError("E_SOURCE_EMPTY", `${name} is empty`, "Give a video file.");
    const known = [...this.uploads].find(([, upload]) => key !== null && upload.key === key);
    const id = known?.[0] ?? newId();
    if (known === undefined) {
      const file = await PartialFile.open(join(this.#folder, `${id}.part`), bytes);
      this.uploads.set(id, { name, key, file, tus: tus ?? null });
      this.owners.set(id, who.tokenId);
    }
    return { source_id: id, offset: known?.[1].file.offset ?? 0 };
  }

  async beginUploadOnce(...[wanted, who, { key }]: Parameters<Coordinator["beginUploadOnce"]>) {
    const known = this.#begunOnce.get(`${who.tokenId} ${key}`);
    const upload = known ?? (await this.beginUpload(wanted, who));
    this.#begunOnce.set(`${who.tokenId} ${key}`, upload);
    return { upload, isNew: known === undefined };
  }

  #uploadOf(id: string) {
    const upload = this.uploads.get(id);
    if (upload === undefined) throw new AppError("E_UNKNOWN_ID", `no upload ${id}`, "Begin one.");
    return upload;
  }

  async uploadState(id: string) {
    const { file, tus } = this.#uploadOf(id);
    await file.interrupt();
    const isComplete = this.sources.has(id);
    const keptUntil = isComplete ? null : new Date(Date.UTC(2030, 0));
    return { offset: file.offset, isComplete, bytes: file.bytes, tus, keptUntil };
  }

  async removeUpload(id: string) {
    await this.#uploadOf(id).file.discard();
    this.uploads.delete(id);
    this.sources.delete(id);
  }

  async appendUpload(id: string, append: UploadAppend, sha256: string | null) {
    const { name, file, tus } = this.#uploadOf(id);
    await file.append(append);
    if (!append.isLast || file.offset < file.bytes)
      return { offset: file.offset, isComplete: false, source: null, keptUntil: new Date(Date.UTC(2030, 0)) };
    const digest = await file.sha256();
    if ((tus === null ? sha256 : (tus.sha256 ?? digest)) !== digest) {
      this.uploads.delete(id);
      await file.discard();
      throw new AppError("E_DIGEST", "the upload's digest is wrong", "Send it again.");
    }
    const source = { source_id: id, name, bytes: file.bytes };
    this.sources.set(id, { ...source, content: await Bun.file(file.path).bytes() });
    return { offset: file.offset, isComplete: true, source, keptUntil: null };
  }

  #keepSource(name: string, content: Uint8Array, who: Principal): SourceView {
    const view = { source_id: newId(), name, bytes: content.length };
    this.owners.set(view.source_id, who.tokenId);
    this.sources.set(view.source_id, { ...view, content });
    return view;
  }

  async challengeLocalSource(path: string, bytes: number): Promise<LocalChallengeView> {
    if (!this.sharesFiles) throw new AppError("E_SOURCE_MISSING", `no ${path} here`, "Upload it.");
    const challengeId = newId();
    this.#challenges.set(challengeId, { path, bytes });
    return { challenge_id: challengeId, ranges: [{ start: 0, length: bytes }] };
  }

  async proveLocalSource(challengeId: string, digests: readonly string[], who: Principal): Promise<SourceView> {
    const challenge = this.#challenges.get(challengeId);
    if (!challenge) throw new AppError("E_UNKNOWN_ID", "no such challenge", "Ask for one.");
    const content = await Bun.file(challenge.path).bytes();
    if (digests[0] !== sha256Of(content)) throw new AppError("E_DIGEST", "another file", "Upload it.");
    return this.#keepSource(challenge.path.split("/").at(-1) ?? "", content, who);
  }

  async openServerSource(path: string, who: Principal): Promise<SourceView> {
    if (path.startsWith("/")) throw new AppError("E_OUTSIDE_MEDIA_ROOT", `${path} is outside`, "Use --media-root.");
    return this.#keepSource(path, new Uint8Array(10), who);
  }

  presets() {
    return [{ name: "mine", ffmpeg_params: "-c:v libx264", reason: "", is_own: true }];
  }

  async previewSource(sourceId: string, ffmpegParams: string | null): Promise<SourcePreviewView> {
    if (!this.sources.has(sourceId)) throw new AppError("E_UNKNOWN_ID", `no source ${sourceId}`, "Submit it again.");
    const { outputName } = this.checkRequest(ffmpegParams, null, "in.mp4");
    const video = { codec: "h264", width: 320, height: 180, pixel_format: "yuv420p", fps: 24, frames: 24 };
    return {
      ...{ is_whole: true, duration_seconds: 1, video, streams: [] },
      ...{ output_name: outputName, encoder: "libx264", split: null },
    };
  }

  checkRequest(ffmpegParams: string | null, outputName: string | null, inputName: string) {
    if (ffmpegParams?.includes("-attach")) {
      throw new AppError("E_ENCODE_REQUEST", "-attach is refused", "Leave it out.");
    }
    return { outputName: outputName ?? inputName.replace(/\.[^.]*$/, ".ffcluster.mp4"), videoCodec: "h264" };
  }

  async createJob(request: JobRequest, who: Principal): Promise<JobView> {
    const sourceId = request.sourceId ?? "";
    this.requireOwnSource(who, sourceId);
    const source = this.sources.get(sourceId);
    if (!source) throw new AppError("E_UNKNOWN_ID", "no such source", "Upload it.");
    this.requests.push(request);
    const { outputName } = this.checkRequest(request.ffmpegParams, request.outputName, source.name);
    const job = this.addJob({ file_name: request.name ?? source.name, output_name: outputName, owner: who.name });
    this.owners.set(job.job_id, who.tokenId);
    await this.onJob(job);
    return job;
  }

  createJobOnce(request: JobRequest, who: Principal, key: Idempotency) {
    return this.#keyed.make(who, key, async () => {
      const job = await this.createJob(request, who);
      this.#keys.push({ jobId: job.job_id, owner: who, idempotency: key });
      return job;
    });
  }

  listJobs({ statuses, owner, name, since, ...page }: JobsWanted, who: Principal): Page<JobView> {
    if (this.breaks) throw new Error("secret internal detail");
    const found = [...this.jobs.values()].filter(
      (job) =>
        this.#isVisible(who, job.job_id) &&
        (statuses?.includes(job.status) ?? true) &&
        (owner === null || job.owner === owner) &&
        (name === null || isNamed(name, [job.file_name, job.output_name])) &&
        (since === null || job.created_at >= since),
    );
    return pageOf(
      found,
      (job) => `${job.created_at} ${job.job_id}`,
      (job) => job,
      page,
    );
  }

  job(id: string): JobView {
    return this.#find(id);
  }

  jobDetail(id: string): JobDetailView {
    const rest = {
      ffmpeg_params: "-c:v libx264",
      split: "keyframes",
      idle_clients: [],
      segment_list: [],
      attempts: [],
    };
    return { ...this.#find(id), ...rest, events: this.#events(id) };
  }

  moveJob(id: string, move: QueueMove): JobView {
    const { job_id } = this.#find(id);
    this.moves.push({ id: job_id, ...move });
    if (move.priority !== undefined) this.update(job_id, { priority: move.priority });
    return this.#find(job_id);
  }

  async retryJob(id: string): Promise<JobView> {
    const { job_id } = this.#find(id);
    this.update(job_id, { status: "Queued", error: null });
    return this.#find(job_id);
  }

  async cancelJob(id: string): Promise<JobView> {
    const job = this.#find(id);
    if (job.status === "Completed") throw new AppError("E_WRONG_STATE", "it is complete", "Nothing to cancel.");
    this.update(job.job_id, { status: "Cancelled" });
    return this.#find(id);
  }

  jobLogs(id: string): AttemptLogView[] {
    this.#find(id);
    const attempt = { attempt_id: "a1", segment_index: 3, client_id: "c1", client: "attic", outcome: "segment-retry" };
    const times = { started_at: "2026-11-22T10:00:00.000Z", ended_at: "2026-11-22T10:00:02.000Z" };
    return [{ ...attempt, ...times, lines: ["failed (encode): x264 [error]: malloc failed"] }];
  }

  jobEvents(id: string, afterSeq: number, wanted: PageWanted): Page<EventView> {
    return pageInOrder(this.#events(id), ({ seq }) => seq > afterSeq, wanted);
  }

  jobAttempts(id: string, wanted: PageWanted): Page<AttemptView> {
    const { job_id } = this.#find(id);
    return pageInOrder(
      this.attempts.filter(({ attempt_id }) => attempt_id.startsWith(job_id)),
      () => true,
      wanted,
    );
  }

  #events(id: string): EventView[] {
    const { job_id, created_at: at } = this.#find(id);
    const none = { client_id: null, segment_index: null, attempt_id: null, detail: "" };
    return [1, 2].map((seq) => ({ seq, at, type: "job", job_id, ...none }));
  }

  follow(...asked: Parameters<ChangeFeed["follow"]>) {
    return this.feed.follow(...asked);
  }

  watchJob(id: string, listener: (view: JobView) => void): () => void {
    const job = this.#find(id);
    const listeners = this.#watchers.get(job.job_id) ?? new Set();
    this.#watchers.set(job.job_id, listeners.add(listener));
    listener(job);
    return () => listeners.delete(listener);
  }

  async proof(id: string): Promise<Proof> {
    const job = this.#find(id);
    if (job.output === null) throw new AppError("E_WRONG_STATE", "no proof yet", "Wait for the job.");
    return {
      job_id: job.job_id,
      exact: true,
      frames: { expected: 10, encoded: 10, in_output: 10 },
      pts: { equal: true, max_error_ticks: 0 },
      av_offset_error_ms: 0,
      streams: { in: [], out: [], left_out: [] },
      segments: [],
      wall_seconds: 1,
      checks: [{ name: "frames", ok: true }],
      encoder: { name: "libx264", family: "software", versions: ["5.1.9"] },
      output: job.output,
      notes: [],
    };
  }

  async output(id: string) {
    const job = this.#find(id);
    const path = this.#outputs.get(job.job_id);
    if (job.output === null || path === undefined) {
      throw new AppError("E_WRONG_STATE", `job ${id} is ${job.status}`, "Wait until it is Completed.");
    }
    return { ...job.output, path };
  }

  async comparison(id: string): Promise<ComparisonView> {
    if (this.#find(id).output === null) throw new AppError("E_WRONG_STATE", "no pictures yet", "Wait for the job.");
    return {
      ...{ frames: 10, seconds: 0.4, width: 320, height: 180, pixel_shape: null, reason: null, source_gone: null },
      ...{ times: [{ frame: 0, seconds: 0 }], scores: [], every_picture: false, bitrate: [1000] },
    };
  }

  /** Stands for a picture: its side and number. */
  async frame(id: string, { frame, side }: FrameWanted) {
    this.#find(id);
    if (frame > 9) throw new AppError("E_NOT_FOUND", `no picture ${frame}`, "They count from 0.");
    return new TextEncoder().encode(`${side} ${frame}`);
  }

  listClients({ statuses, ...page }: ClientsWanted): Page<ClientView> {
    const found = [...this.clients.values()].filter(({ status }) => statuses?.includes(status) ?? true);
    return pageOf(
      found,
      ({ name, client_id }) => `${name}\0${client_id}`,
      (client) => client,
      page,
    );
  }

  #client(id: string): ClientView {
    const client = this.clients.get(resolveId(id, withoutNames(this.clients.keys()), "client"));
    if (!client) throw new Error("resolved ids exist");
    return client;
  }

  clientDetail(id: string): ClientDetailView {
    return { ...this.#client(id), encoders: ["libx264"], hardware: [], pools: null, slots_reason: null, events: [] };
  }

  drainClient(id: string): ClientView {
    const client: ClientView = { ...this.#client(id), draining: true };
    this.clients.set(client.client_id, client);
    return client;
  }

  pauseClient(id: string): ClientView {
    const client: ClientView = { ...this.#client(id), paused: true };
    this.clients.set(client.client_id, client);
    return client;
  }

  resumeClient(id: string): ClientView {
    const client: ClientView = { ...this.#client(id), draining: false, paused: false, quarantine: null };
    this.clients.set(client.client_id, client);
    return client;
  }

  async disconnectClient(id: string): Promise<ClientView> {
    const { client_id } = this.#client(id);
    const client: ClientView = { ...this.#client(id), status: "Disconnected" };
    this.clients.set(client_id, client);
    return client;
  }

  async sourceBlock(sourceId: string, block: number) {
    const source = this.sources.get(sourceId);
    if (!source) throw new AppError("E_UNKNOWN_ID", "no such source", "Look again.");
    const bytes = source.content.slice(block * this.blockBytes, (block + 1) * this.blockBytes);
    return { bytes, sha256: sha256Of(bytes) };
  }

  async burnInFile(jobId: string, number: number): Promise<BurnInFile> {
    const file = this.burnInFiles.get(`${jobId}/${number}`);
    if (!file) throw new AppError("E_UNKNOWN_ID", "no such file", "Look again.");
    return file;
  }

  async resultState(attemptId: string, report: ResultReport) {
    if (attemptId === "stale") throw new AppError("E_STALE_ATTEMPT", "its lease is over", "Drop the result.");
    const result = this.results.find((known) => known.attemptId === attemptId);
    return { offset: result?.bytes ?? 0, isComplete: result !== undefined && result.bytes === report.bytes };
  }

  async appendResult(attemptId: string, report: ResultReport, append: UploadAppend) {
    if (attemptId === "stale") throw new AppError("E_STALE_ATTEMPT", "its lease is over", "Drop the result.");
    const bytes = (await new Response(append.body).arrayBuffer()).byteLength;
    this.results.push({ attemptId, report, bytes });
    return { offset: append.offset + bytes, isComplete: append.isLast };
  }

  openLink(socket: LinkSocket): ClientLink {
    this.links.push(socket);
    return {
      received: (text) => {
        if (text === "break") throw new Error("secret internal detail");
        this.messages.push(text);
        socket.send(`echo ${text}`);
      },
      closed: () => {
        this.closedLinks += 1;
      },
    };
  }

  async metrics(): Promise<string> {
    return "# HELP x Nothing\n";
  }

  noteOutputSent(): void {}

  audit(entry: AuditEntryView): void {
    this.audited.push(entry);
  }

  auditEntries(limit: number, before: number | null): AuditRowView[] {
    const rows = this.audited.map((entry, at) => ({ seq: at + 1, ...entry }));
    return rows.filter(({ seq }) => seq < (before ?? Infinity)).slice(-limit);
  }
}
