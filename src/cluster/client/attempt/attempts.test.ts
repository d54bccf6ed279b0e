// The states of attempts, with an encoder, slots and a server that do as the test says.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exists } from "../../../base/files.ts";
import { newId } from "../../../base/ids.ts";
import { silentLog } from "../../../base/log.ts";
import { createPauseSwitch } from "../../../base/process/pause.ts";
import type { Progress } from "../../../media/ffmpeg/progress.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { emptyEncodeRequest } from "../../../media/model/encode-request.ts";
import type { SegmentTask } from "../../../media/model/segment.ts";
import type { SourceVideo } from "../../../media/model/source.ts";
import type { EncodeOptions, EncodeOutcome } from "../../../media/segment/encode-segment.ts";
import type { ClientMessage, Offer } from "../../protocol/messages.ts";
import { createOutbox, type SwitchableOutbox } from "../link/outbox.ts";
import type { FinishedResult } from "../ports.ts";
import { createSlotPool } from "../slots/slots.ts";
import { Attempts } from "./attempts.ts";
import { segmentFolder } from "./segment-runner.ts";

const CLIENT_ID = newId();
const TICK = { num: 1, den: 25 };

let folder: string;
let attempts: Attempts;
let outbox: SwitchableOutbox;
let sent: ClientMessage[];
let kept: Map<string, FinishedResult>;
let written: number[];
let isDiskFull: boolean;
/** The last change left no attempt behind. */
let isClean: boolean;
/** The running encode. */
let encode: { readonly options: EncodeOptions; readonly end: (outcome: EncodeOutcome) => void } | null;

const BOUND_MS = 10_000;

async function until(holds: () => boolean): Promise<void> {
  for (const began = performance.now(); !holds(); ) {
    if (performance.now() - began > BOUND_MS) throw new Error(`it did not happen; sent: ${JSON.stringify(sent)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-attempts-"));
  sent = [];
  kept = new Map();
  written = [];
  isDiskFull = false;
  isClean = false;
  encode = null;
  outbox = createOutbox();
  outbox.use({ send: (message) => sent.push(message) > 0 });
  const slot = createSlotPool(1);
  const remote = { serverUrl: "http://127.0.0.1:1", token: "t" };
  attempts = new Attempts({
    identityFolder: folder,
    outbox,
    log: silentLog,
    store: {
      claimIdentity: () => ({ clientId: CLIENT_ID, folder, release: () => {} }),
      keepResult: (result) => kept.set(result.attemptId, result),
      keptResults: () => [...kept.values()],
      forgetResult: (attemptId) => kept.delete(attemptId),
      encoders: { get: () => null, set: () => {} },
      close: () => {},
    },
    gateway: {
      open: () => ({
        url: "http://127.0.0.1:1/source",
        prefetch: () => {},
        failure: () => null,
        isWaiting: () => false,
        release: () => {},
      }),
      forget: () => {},
      cachedBytes: () => 0,
      close: async () => {},
    },
    burnInFiles: { open: async () => ({ paths: [], release: () => {} }) },
    places: {
      take: async (_work, _not, signal) => {
        const free = await slot.take(signal);
        return { device: null, threads: 1, made: () => {}, free };
      },
      failed: () => "elsewhere",
      abilities: () => ({ slots: 1, slotsReason: "", encoders: [], families: [] }),
    },
    diskSpace: {
      shortage: () => null,
      isEnough: async () => !isDiskFull,
      noteFull: (bytes) => written.push(bytes),
      stop: () => {},
    },
    segment: {
      tools: {} as Tools,
      clientId: CLIENT_ID,
      encodeSegment: (_tools, _task, options) =>
        new Promise((end, reject) => {
          encode = { options, end };
          options.signal?.addEventListener("abort", () => reject(options.signal?.reason));
        }),
      stallIdleMs: 1000,
      hwDecode: false,
      nice: false,
      pausable: createPauseSwitch(),
    },
    upload: { remote, outbox, log: silentLog, firstDelayMs: 1 },
    accessTo: async () => ({ kind: "gateway" }),
    onChange: () => {
      isClean = attempts.held().length === 0;
    },
  });
});
afterEach(async () => {
  await attempts.stopAll({ keepFinished: false });
  await rm(folder, { recursive: true, force: true });
});

function offer(formatName = "matroska,webm"): Offer {
  const video: SourceVideo = {
    streamIndex: 0,
    codec: "h264",
    profile: null,
    width: 64,
    height: 64,
    pixelFormat: "yuv420p",
    timeBase: TICK,
    realFrameRate: null,
    averageFrameRate: null,
    sampleAspectRatio: null,
    fieldOrder: null,
    rotationDegrees: 0,
    colour: { range: null, space: null, transfer: null, primaries: null, chromaLocation: null },
    hasAlpha: false,
  };
  const task: SegmentTask = {
    streamIndex: 0,
    formatName,
    timeBase: TICK,
    startPts: null,
    endPts: null,
    clockOffsetUs: 0,
    seekPts: null,
    cut: null,
    expectedFrames: 100,
    encoderTimeBase: TICK,
    request: emptyEncodeRequest(),
    video,
    byteRange: null,
  };
  const source = {
    sourceId: newId(),
    bytes: 1,
    blockBytes: 1,
    path: "/x",
    mtimeMs: 0,
    firstBlockSha256: "",
    lastBlockSha256: "",
  };
  const ids = { attemptId: newId(), secret: "0".repeat(64), jobId: newId(), segmentIndex: 0 };
  return { type: "offer", ...ids, isBenchmark: false, source, task: { ...task } };
}

function progress(frames: number, fps: number): Progress {
  return { frames, fps, outTimeUs: null, done: false };
}

function failures(): unknown[] {
  return sent.flatMap((message) =>
    message.type === "attempt-failed" ? [[message.attemptId, message.kind, message.reason]] : [],
  );
}

test("queued, fetching, encoding, uploading: each stage is reported, and an offer that comes twice is one attempt", async () => {
  const first = offer();
  const second = offer();
  for (const each of [first, second, first]) attempts.offer(each);
  await until(() => encode !== null);
  const stagesNow = () => attempts.shown().map(({ stage }) => stage);
  expect(stagesNow()).toEqual(["fetching", "queued"]);
  encode?.options.onProgress?.(progress(10, 5));
  expect(stagesNow()).toEqual(["encoding", "queued"]);
  expect(attempts.shown()[0]).toMatchObject({ segment: first.segmentIndex, frames: 10, fps: 5 });
  const path = join(segmentFolder(folder, first.attemptId), "segment.nut");
  await mkdir(segmentFolder(folder, first.attemptId));
  await writeFile(path, "bytes");
  const seams = { seamStart: null, seamAfterEnd: null };
  const report = { frames: 100, seconds: 1, encoder: "libx264", ffmpegVersion: "5.1", ...seams, decodeErrors: [] };
  encode?.end({ ok: true, path, report });
  await until(() => stagesNow().includes("uploading"));
  const stages = sent.flatMap((each) =>
    each.type === "progress" && each.attemptId === first.attemptId ? [[each.stage, each.frames]] : [],
  );
  expect(stages).toEqual([
    ["queued", 0],
    ["fetching", 0],
    ["encoding", 10],
    ["uploading", 10],
  ]);
  expect([...kept.keys()]).toEqual([first.attemptId]);
  await attempts.stopAll({ keepFinished: true });
  expect(attempts.held()).toEqual([]);
  expect([...kept.keys()]).toEqual([first.attemptId]);
  expect(await exists(path)).toBe(true);
});

test("an attempt that the server stops ends without a message, and its folder goes", async () => {
  const { attemptId, ...rest } = offer();
  attempts.offer({ attemptId, ...rest });
  await until(() => encode !== null);
  await mkdir(segmentFolder(folder, attemptId));
  attempts.stop(attemptId);
  await until(() => attempts.held().length === 0);
  await until(() => isClean);
  expect(failures()).toEqual([]);
  expect(await exists(segmentFolder(folder, attemptId))).toBe(false);
});

test("a task that the client's own check refuses fails as refused", async () => {
  const bad = offer("concat");
  attempts.offer(bad);
  await until(() => attempts.held().length === 0);
  expect(failures()).toEqual([[bad.attemptId, "refused", expect.stringContaining("not allowed")]]);
});

test("a full disk gives back the encode and all that still wait, and nothing begins on it", async () => {
  const [first, next, waiting, late] = [offer(), offer(), offer(), offer()];
  for (const each of [first, next, waiting]) attempts.offer(each);
  await until(() => encode !== null && attempts.shown().filter(({ stage }) => stage === "queued").length === 2);
  encode?.end({ ok: false, aborted: false, reason: "av_interleaved_write_frame(): No space left on device" });
  await until(() => attempts.held().length === 1);
  isDiskFull = true;
  attempts.offer(late);
  await until(() => attempts.held().length === 1);
  expect(attempts.held()).toEqual([next.attemptId]); // it took the slot before the disk was known to be full
  expect(written).toEqual([0]);
  expect(failures()).toEqual([
    [waiting.attemptId, "stopped", "its disk is full"],
    [first.attemptId, "stopped", expect.stringContaining("its disk is full: ")],
    [late.attemptId, "stopped", "its disk is full"],
  ]);
});

test("on the way out it takes no offers, finishes what is nearly done and gives back the rest", async () => {
  const [first, second, late] = [offer(), offer(), offer()];
  attempts.offer(first);
  await until(() => encode !== null);
  attempts.offer(second);
  encode?.options.onProgress?.(progress(90, 100));
  const finished = attempts.finishSoon(5000);
  attempts.offer(late);
  await until(() => attempts.held().length === 1);
  expect(attempts.held()).toEqual([first.attemptId]);
  encode?.end({ ok: false, aborted: false, reason: "crash" });
  await finished;
  expect(failures()).toEqual([
    [second.attemptId, "stopped", "the client stops"],
    [late.attemptId, "stopped", "the client stops"],
    [first.attemptId, "encode", "crash"],
  ]);
});
