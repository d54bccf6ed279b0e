// A whole client (connection, queue, gateway, real ffmpeg, uploads, client.db) against a stand-in coordinator.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../src/base/digest.ts";
import { AppError } from "../../src/base/errors.ts";
import { exists } from "../../src/base/files.ts";
import { newId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import { STOPPED_WITHIN_MS } from "../../src/base/process/terminate.ts";
import { parseSchedule } from "../../src/base/schedule/parse-schedule.ts";
import type { ClientOptions, ClientStatus } from "../../src/cluster/client/client-options.ts";
import { runClient } from "../../src/cluster/client/run-client.ts";
import { isEncoderIn } from "../../src/cluster/client/sweep.ts";
import type { ClientMessage, Hello, Offer } from "../../src/cluster/protocol/messages.ts";
import { RECONNECT_GRACE_MS } from "../../src/cluster/scheduler/model/timing.ts";
import { openClientStore } from "../../src/db/client-store.ts";
import { runUnconfined } from "../../src/media/ffmpeg/run-tool.fixture.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { emptyEncodeRequest } from "../../src/media/model/encode-request.ts";
import { withinPromise } from "../support/lateness.ts";
import { mediaPath } from "../support/media.ts";
import { makeOffer } from "../support/offers.ts";
import { Happenings, StandInCoordinator } from "../support/stand-in-coordinator.ts";

/** Encodes share the machine with whatever else runs. */
setDefaultTimeout(180_000);

const tools = await findTools(process.env);
const CLIP = mediaPath("flower-540p29.97-5s.mp4");
const LONG_CLIP = mediaPath("long-363s-1080p30-lowbitrate.mp4");
const BLOCK = 65536;

let folder: string;
let server: StandInCoordinator;
const running: { stop: () => Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-client-"));
  server = new StandInCoordinator({ folder });
});
afterEach(async () => {
  for (const client of running.splice(0)) await client.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

interface RunningClient {
  readonly statuses: Happenings<ClientStatus>;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

function startClient(overrides: Partial<ClientOptions> = {}): RunningClient {
  const abort = new AbortController();
  const statuses = new Happenings<ClientStatus>();
  const store = openClientStore(join(folder, "work"));
  const options: ClientOptions = {
    serverUrl: server.url,
    token: "token",
    name: "node",
    slots: 1,
    sourceAccess: "gateway",
    pathMap: [],
    reconnectDelayMs: 20,
    persistent: true,
    benchmarkSeconds: null,
    tools,
    encoders: ["libx264"],
    store,
    log: silentLog,
    onStatus: (status) => statuses.push(status),
    ...overrides,
  };
  const ended = runClient(options, abort.signal).finally(() => store.close());
  ended.catch(() => undefined); // looked at by the test, or not
  const client: RunningClient = {
    statuses,
    ended,
    async stop() {
      abort.abort();
      await ended.catch(() => undefined);
    },
  };
  running.push(client);
  return client;
}

const clipOrSkip = (path: string | null): string => {
  if (path === null) throw new Error("the shipped clips are missing");
  return path;
};

async function offerClip(path: string, preset = "ultrafast"): Promise<Offer> {
  return await makeOffer(tools, path, preset, await server.addSource(path, BLOCK));
}

const isHello = (message: ClientMessage): message is Hello => message.type === "hello";
const isFailure = (message: ClientMessage) => message.type === "attempt-failed";
const isStage = (attemptId: string, stage: string) => (message: ClientMessage) =>
  message.type === "progress" && message.attemptId === attemptId && message.stage === stage;

function clientFolder(clientId: string): string {
  return join(folder, "work", "client", clientId);
}

async function segmentsOf(clientId: string): Promise<string[]> {
  return (await readdir(clientFolder(clientId))).filter((name) => name.startsWith("segment_"));
}

async function encodersIn(clientId: string): Promise<number> {
  return (await encoderIds(clientId)).length;
}

/** The encoders themselves, without the guards that started them. */
async function encoderIds(clientId: string): Promise<number[]> {
  const ids: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await Bun.file(`/proc/${pid}/cmdline`)
      .text()
      .catch(() => "");
    const words = command.split("\0");
    if (words[0] === tools.ffmpeg && isEncoderIn(words, clientFolder(clientId), tools.ffmpeg)) ids.push(Number(pid));
  }
  return ids;
}

/** Polls what has no event of its own. */
async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not so within ${withinMs} ms: ${condition}`);
    await Bun.sleep(25); // some look at every process
  }
}

test("an offer becomes a result with the right digest, every frame, and nothing left on disk", async () => {
  const path = clipOrSkip(CLIP);
  startClient();
  const hello = await server.messages.next(isHello);
  expect(hello).toMatchObject({ name: "node", slots: 1, encoders: ["libx264"], heldAttempts: [] });
  const offer = await offerClip(path);
  server.send(offer);
  const result = await server.results.next(({ attemptId }) => attemptId === offer.attemptId);
  expect(result.sha256).toBe(result.report.sha256);
  expect(result.report.clientId).toBe(hello.clientId);
  const count = ["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"];
  const counted = await runUnconfined({ program: tools.ffprobe, args: [...count, result.path] });
  expect(Number(counted.stdout)).toBe(result.report.frames);
  expect(result.report.frames).toBeGreaterThan(100);
  expect(new Set(server.blockRequests).size).toBe(server.blockRequests.length);
  await until(async () => (await segmentsOf(hello.clientId)).length === 0, 20_000);
  expect(server.messages.all.some(isStage(offer.attemptId, "encoding"))).toBe(true);
  expect(server.messages.all.some(isFailure)).toBe(false);
});

test("what was learnt of slots is told to the server when work of that kind begins", async () => {
  const path = clipOrSkip(CLIP);
  const first = startClient({ slots: "auto" });
  const { clientId, slots: rule, slotsReason } = await server.messages.next(isHello);
  expect(slotsReason).toStartWith("rule: ");
  await first.stop();

  const slots = rule === 1 ? 2 : 1;
  const key = `${availableParallelism()} cores, ffmpeg ${tools.version}, libx264 ultrafast 720p`;
  const learnt = { slots, refused: [rule], fps: { [slots]: 50, [rule]: 40 }, learntAt: new Date().toISOString() };
  await writeFile(join(clientFolder(clientId), "slots.json"), JSON.stringify({ [key]: learnt }));
  startClient({ slots: "auto" });
  await server.messages.next(isHello);
  server.send(await offerClip(path));
  const told = await server.messages.next((message) => message.type === "abilities");
  expect(told).toMatchObject({ slots, slotsReason: expect.stringMatching(/^measured, libx264 ultrafast 720p: /) });
});

test("a client that shares the server's files opens the source itself", async () => {
  const path = clipOrSkip(CLIP);
  await server.stop();
  await writeFile(join(folder, "nonce"), "random");
  server = new StandInCoordinator({ folder, nonce: { path: join(folder, "nonce"), sha256: sha256Of("random") } });
  startClient({ sourceAccess: "auto" });
  await server.messages.next(isHello);
  const offer = await offerClip(path);
  server.send(offer);
  await server.results.next(({ attemptId }) => attemptId === offer.attemptId);
  expect(server.blockRequests).toEqual([]);
});

test("direct access that cannot be is refused with the reason", async () => {
  const path = clipOrSkip(CLIP);
  startClient({ sourceAccess: "direct" });
  await server.messages.next(isHello);
  server.send(await offerClip(path));
  const failure = await server.messages.next(isFailure);
  expect(failure).toMatchObject({ kind: "source", reason: expect.stringContaining("--path-map") });
});

test("stop ends ffmpeg within two seconds and frees its disk, one that waits never begins; the slot goes to the next", async () => {
  const path = clipOrSkip(LONG_CLIP);
  startClient();
  const { clientId } = await server.messages.next(isHello);
  const slow = await offerClip(path, "veryslow");
  server.send(slow);
  await server.messages.next(isStage(slow.attemptId, "encoding"));
  if (process.platform === "linux") expect(await encodersIn(clientId)).toBeGreaterThan(0);
  const next = await offerClip(clipOrSkip(CLIP));
  server.send(next);
  await server.messages.next(isStage(next.attemptId, "queued"));
  const behind = await offerClip(clipOrSkip(CLIP));
  server.send(behind);
  await server.messages.next(isStage(behind.attemptId, "queued"));
  server.send({ type: "stop", attemptId: behind.attemptId, reason: "cancelled" });
  const folderOf = (offer: Offer) => join(clientFolder(clientId), `segment_${offer.attemptId}`);
  await withinPromise("the end of ffmpeg and its folder", STOPPED_WITHIN_MS, async () => {
    server.send({ type: "stop", attemptId: slow.attemptId, reason: "cancelled" });
    await until(async () => !(await exists(folderOf(slow))), 60_000);
  });
  const result = await server.results.next(() => true);
  expect(result.attemptId).toBe(next.attemptId);
  await until(async () => (await segmentsOf(clientId)).length === 0, 20_000);
  expect(server.messages.all.some(isStage(behind.attemptId, "fetching"))).toBe(false);
  expect(server.results.all).toHaveLength(1);
  if (process.platform === "linux") await until(async () => (await encodersIn(clientId)) === 0, 20_000);
  expect(server.messages.all.some(isFailure)).toBe(false);
});

test("an ffmpeg that is stopped is seen by its lack of work, killed, and told as stalled; the slot goes on", async () => {
  if (process.platform !== "linux") return; // elsewhere only frames tell, after half an hour
  const path = clipOrSkip(LONG_CLIP);
  startClient({ stallIdleMs: 1500 });
  const { clientId } = await server.messages.next(isHello);
  const slow = await offerClip(path, "veryslow");
  server.send(slow);
  await server.messages.next(isStage(slow.attemptId, "encoding"));
  const [pid = 0] = await encoderIds(clientId);
  process.kill(pid, "SIGSTOP");
  const failure = await server.messages.next(isFailure, 30_000);
  expect(failure).toMatchObject({ attemptId: slow.attemptId, kind: "stalled" });
  expect(failure).toMatchObject({ reason: expect.stringContaining("no processor time") });
  await until(async () => (await encodersIn(clientId)) === 0, 20_000);
  const next = await offerClip(clipOrSkip(CLIP));
  server.send(next);
  await server.results.next(({ attemptId }) => attemptId === next.attemptId);
});

test("a cut link: the same id comes back, the encode has gone on, its result is handed over", async () => {
  const path = clipOrSkip(CLIP);
  startClient();
  const first = await server.messages.next(isHello);
  const offer = await offerClip(path, "veryfast");
  server.send(offer);
  await server.messages.next(isStage(offer.attemptId, "encoding"));
  server.dropLink();
  const second = await server.messages.next(isHello);
  expect(second.clientId).toBe(first.clientId);
  expect(second.heldAttempts).toEqual([offer.attemptId]);
  const result = await server.results.next(() => true);
  expect(result.attemptId).toBe(offer.attemptId);
});

test("with long waits between tries, the first still comes within what the server leaves of a lease", async () => {
  startClient({ reconnectDelayMs: 8000 });
  await server.messages.next(isHello);
  await server.messages.next((message) => message.type === "heartbeat"); // it has been welcomed
  await withinPromise("the first try", RECONNECT_GRACE_MS, async () => {
    server.dropLink();
    await server.messages.next(isHello);
  });
});

test("an attempt that is no longer wanted after a reconnect is dropped", async () => {
  const path = clipOrSkip(LONG_CLIP);
  server.keepAttempts = () => [];
  startClient();
  const { clientId } = await server.messages.next(isHello);
  const offer = await offerClip(path, "veryslow");
  server.send(offer);
  await server.messages.next(isStage(offer.attemptId, "encoding"));
  server.dropLink();
  await server.messages.next(isHello);
  await until(async () => (await segmentsOf(clientId)).length === 0, 20_000);
});

test("uploads are tried again while the server is busy, and given up when the attempt is stale", async () => {
  const path = clipOrSkip(CLIP);
  const client = startClient();
  const { clientId } = await server.messages.next(isHello);
  const busy = await offerClip(path);
  let tries = 0;
  server.resultStatus = () => (++tries < 3 ? 503 : null);
  server.send(busy);
  await server.results.next(({ attemptId }) => attemptId === busy.attemptId);
  expect(tries).toBe(3);
  const stale = await offerClip(path);
  server.resultStatus = () => 409;
  server.send(stale);
  await server.messages.next(isStage(stale.attemptId, "uploading"));
  await until(async () => (await segmentsOf(clientId)).length === 0, 20_000);
  await client.stop();
  expect(server.results.all).toHaveLength(1);
});

test("a finished result survives the client: the next start hands it over under the same id", async () => {
  const path = clipOrSkip(CLIP);
  const first = startClient();
  const { clientId } = await server.messages.next(isHello);
  const offer = await offerClip(path);
  server.resultStatus = () => 503;
  server.send(offer);
  await server.messages.next(isStage(offer.attemptId, "uploading"));
  const { port } = server;
  await server.stop();
  await first.statuses.next((status) => status.kind === "disconnected");
  await first.stop();
  server = new StandInCoordinator({ folder, port });
  startClient();
  const again = await server.messages.next(isHello);
  expect(again.clientId).toBe(clientId);
  expect(again.heldAttempts).toEqual([offer.attemptId]);
  const result = await server.results.next(() => true);
  expect(result.sha256).toBe(result.report.sha256);
  await until(async () => (await segmentsOf(clientId)).length === 0, 20_000);
});

test("leaving: work is given back, goodbye said, ffmpeg and folders gone", async () => {
  const path = clipOrSkip(LONG_CLIP);
  const client = startClient();
  const { clientId } = await server.messages.next(isHello);
  const offer = await offerClip(path, "veryslow");
  server.send(offer);
  await server.messages.next(isStage(offer.attemptId, "encoding"));
  await client.stop();
  await client.ended;
  await server.messages.next((message) => message.type === "goodbye");
  expect(await server.messages.next(isFailure)).toMatchObject({ attemptId: offer.attemptId, kind: "stopped" });
  const types = server.messages.all.map((message) => message.type);
  expect(types.indexOf("goodbye")).toBeLessThan(types.indexOf("attempt-failed"));
  expect(await segmentsOf(clientId)).toEqual([]);
  expect(await exists(join(clientFolder(clientId), "cache"))).toBe(false);
  if (process.platform === "linux") expect(await encodersIn(clientId)).toBe(0);
});

test("leaving with time to finish: what is nearly done is handed over, the rest given back, nothing more taken", async () => {
  const client = startClient({ finishWithinMs: 30_000, slots: 2 });
  await server.messages.next(isHello);
  const quick = await offerClip(clipOrSkip(CLIP), "veryfast");
  const long = await offerClip(clipOrSkip(LONG_CLIP), "veryslow");
  server.send(quick);
  server.send(long);
  await server.messages.next(isStage(quick.attemptId, "uploading"));
  server.resultStatus = () => 503; // still to be handed over when it is asked to leave
  const stopped = client.stop();
  await server.messages.next((message) => message.type === "leaving");
  server.send(await offerClip(clipOrSkip(CLIP)));
  server.resultStatus = () => null;
  const result = await server.results.next(() => true);
  expect(result.attemptId).toBe(quick.attemptId);
  await stopped;
  const given = server.messages.all.filter(isFailure);
  expect(given).toContainEqual(expect.objectContaining({ attemptId: long.attemptId, kind: "stopped" }));
  expect(given).not.toContainEqual(expect.objectContaining({ attemptId: quick.attemptId }));
  expect(server.results.all).toHaveLength(1);
});

test("a copied identity ends the client with the words that name both", async () => {
  server.refusal = {
    reason: "the identity belongs to node on alpha; node on beta has a copy",
    code: "E_IDENTITY_IN_USE",
  };
  const thrown = await startClient().ended.then(
    () => null,
    (reason) => reason,
  );
  expect(thrown).toBeInstanceOf(AppError);
  expect(thrown).toMatchObject({ code: "E_IDENTITY_IN_USE", message: expect.stringContaining("alpha") });
});

test("tasks that the client's own check refuses, and sources that cannot be read, are told by kind", async () => {
  const path = clipOrSkip(CLIP);
  startClient();
  await server.messages.next(isHello);
  const offer = await offerClip(path);
  server.send({ ...offer, attemptId: newId(), task: { ...offer.task, formatName: "concat" } });
  expect(await server.messages.next(isFailure)).toMatchObject({ kind: "refused" });
  const request = emptyEncodeRequest();
  const naming = { ...request, video: { ...request.video, encoderParams: [["stats", "/tmp/x"]] } };
  server.send({ ...offer, attemptId: newId(), task: { ...offer.task, request: naming } });
  expect(await server.messages.next(isFailure)).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("stats"),
  });
  server.blockFault = (block) => (block === 0 ? "gone" : null);
  server.send(offer);
  const failure = await server.messages.next(isFailure);
  expect(failure).toMatchObject({ kind: "source", reason: expect.stringContaining("the source changed") });
  const garbage = join(folder, "garbage.mp4");
  await writeFile(garbage, new Uint8Array(100_000));
  server.blockFault = () => null;
  server.send(await makeOffer(tools, path, "ultrafast", await server.addSource(garbage, BLOCK)));
  expect(await server.messages.next(isFailure)).toMatchObject({ kind: "encode" });
});

test("a silent server is noticed and left; a second client in the folder has its own id", async () => {
  await server.stop();
  server = new StandInCoordinator({ folder, leaseMs: 600, heartbeatMs: 100 });
  startClient();
  const first = await server.messages.next(isHello);
  startClient();
  const second = await server.messages.next(isHello);
  expect(second.clientId).not.toBe(first.clientId);
  server.isSilent = true;
  const known = [first.clientId, second.clientId];
  expect(known).toContain((await server.messages.next(isHello)).clientId);
});

test("goodbye for good ends the client; refusals end it with their reason; so does the first failure when not persistent", async () => {
  const client = startClient();
  await server.messages.next(isHello);
  await client.statuses.next((status) => status.kind === "connected");
  server.send({ type: "goodbye", reason: "disconnected by hand", reconnect: false });
  await client.ended;
  const codeOf = async (overrides: Partial<ClientOptions>) => {
    const thrown = await startClient(overrides).ended.then(
      () => null,
      (reason) => reason,
    );
    return thrown instanceof AppError ? thrown.code : String(thrown);
  };
  expect(await codeOf({ token: "wrong" })).toBe("E_TOKEN");
  const { url } = server;
  await server.stop();
  expect(await codeOf({ serverUrl: url, persistent: false })).toBe("E_UNREACHABLE");
  server = new StandInCoordinator({ folder, protocol: 99 });
  expect(await codeOf({})).toBe("E_PROTOCOL");
});

test("what is no ffcluster server ends the client, unless one has answered there before; a proxy's 502 is waited out", async () => {
  let status = 502;
  const answer = () => new Response("<html>", { status });
  const client = startClient();
  await client.statuses.next((said) => said.kind === "connected");
  const serverUrl = server.url;
  await server.stop();
  const other = Bun.serve({ hostname: "127.0.0.1", port: new URL(serverUrl).port, fetch: answer });
  const told = (words: string) => (said: ClientStatus) => said.kind === "disconnected" && said.reason.includes(words);
  try {
    await client.statuses.next(told("answers 502"));
    const patient = startClient({ serverUrl });
    await patient.statuses.next(told("answers 502"));
    status = 404;
    await client.statuses.next(told("no ffcluster server"));
    const thrown = await patient.ended.catch((reason: unknown) => reason);
    expect(thrown instanceof AppError ? thrown.message : thrown).toContain("is no ffcluster server: it answers 404");
    await client.statuses.next(told("no ffcluster server"));
  } finally {
    await other.stop(true);
  }
});

test("a client off the mains stands still, gives back what comes, and goes on when it is plugged in", async () => {
  let isOnAc = true;
  const machine = { now: () => new Date(), isOnAc: async () => isOnAc, othersUse: () => null };
  const client = startClient({ rest: { schedule: null, onlyOnAc: true, busyAbove: null }, machine });
  await server.messages.next(isHello);
  const offer = await offerClip(clipOrSkip(CLIP), "slow");
  server.send(offer);
  await server.messages.next(isStage(offer.attemptId, "encoding"));
  isOnAc = false;
  const rests = await server.messages.next((message) => message.type === "abilities" && message.resting !== undefined);
  expect(rests).toMatchObject({ resting: { reason: "on battery", until: null, isSuspended: true } });
  // Servers of earlier versions understand this.
  expect(rests).toMatchObject({ noRoom: "it rests: on battery" });
  const late = await offerClip(clipOrSkip(CLIP));
  server.send(late);
  expect(await server.messages.next(isFailure)).toMatchObject({
    attemptId: late.attemptId,
    kind: "stopped",
    reason: "it rests: on battery",
  });
  isOnAc = true;
  await client.statuses.next(({ kind }) => kind === "rested");
  const result = await server.results.next(({ attemptId }) => attemptId === offer.attemptId);
  expect(result.report.frames).toBeGreaterThan(0);
  await client.stop();
});

test("at the end of its hours a client gives back what would take long, and says until when it rests", async () => {
  let now = new Date(2026, 10, 30, 23);
  const machine = { now: () => now, isOnAc: async () => true, othersUse: () => null };
  const rest = { schedule: parseSchedule("22:00-07:00"), onlyOnAc: false, busyAbove: null };
  const client = startClient({ rest, machine });
  await server.messages.next(isHello);
  const [running, queued] = [await offerClip(clipOrSkip(LONG_CLIP), "placebo"), await offerClip(clipOrSkip(CLIP))];
  server.send(running);
  await server.messages.next(isStage(running.attemptId, "fetching"));
  server.send(queued);
  await server.messages.next(isStage(queued.attemptId, "queued"));
  now = new Date(2026, 11, 1, 7);
  const until = new Date(2026, 11, 1, 22).toISOString();
  const rests = await server.messages.next((message) => message.type === "abilities" && message.resting !== undefined);
  expect(rests).toMatchObject({ resting: { reason: "outside its hours (22:00-07:00)", until, isSuspended: false } });
  for (const { attemptId } of [running, queued]) {
    const given = await server.messages.next((message) => isFailure(message) && message.attemptId === attemptId);
    expect(given).toMatchObject({ kind: "stopped", reason: "it rests: outside its hours (22:00-07:00)" });
  }
  await client.stop();
});
