import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { appendOf, pieceOf } from "../../../../test/support/upload.ts";
import { sha256Of } from "../../../base/digest.ts";
import { UPLOAD_BLOCK_BYTES } from "../../../base/upload/resumable-upload.ts";
import type { ResultReport } from "../../protocol/messages.ts";
import type { EncodedPicture, Job } from "../../scheduler/model/job.ts";
import type { Attempt } from "../../scheduler/model/segment.ts";
import { JobFolders } from "../job/job-folders.ts";
import { mostResultBytes } from "../job/result-bounds.ts";
import { AttemptSecrets } from "./attempt-secrets.ts";
import { ResultReceiver } from "./result-receiver.ts";
import { SpaceGuard } from "./space-guard.ts";

const BLOCK = UPLOAD_BLOCK_BYTES;
const content = new Uint8Array(BLOCK + 500).map((_, index) => (index * 7) % 253);
const secrets = new AttemptSecrets(Buffer.alloc(32));
const facts: Omit<ResultReport, "secret"> = {
  clientId: "one",
  sha256: sha256Of(content),
  bytes: content.length,
  frames: 50,
  seconds: 1,
  encoder: "libx264",
  ffmpegVersion: "5.1.9",
  seamStart: null,
  seamAfterEnd: null,
  decodeErrors: [],
};

const reportOf = ({ id }: Pick<Attempt, "id">): ResultReport => ({ ...facts, secret: secrets.of(id) });

let folders: JobFolders;
let workDir: string;
beforeEach(async () => {
  workDir = await mkdtemp(join(tmpdir(), "ffcluster-results-"));
  folders = new JobFolders(workDir);
  await folders.make("job");
});
afterEach(() => rm(workDir, { recursive: true, force: true }));

function receiverOf(bench: SchedulerBench): ResultReceiver {
  return new ResultReceiver({
    folders,
    state: () => bench.state,
    dispatch: (input) => bench.send(input).verdict,
    space: new SpaceGuard(),
    secrets,
  });
}

/** A client that was cut off for a minute in the midst of its upload. */
async function cutInUpload(): Promise<{ bench: SchedulerBench; results: ResultReceiver; attempt: Attempt }> {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(1);
  const results = receiverOf(bench);
  const attempt = bench.attempt();
  expect(await results.append(attempt.id, reportOf(attempt), appendOf(pieceOf(content, 0, BLOCK)))).toMatchObject({
    offset: BLOCK,
  });
  bench.cut("one");
  bench.pass(60_000);
  expect(bench.attempts()).toEqual([]);
  await results.sweep();
  return { bench, results, attempt };
}

const parts = async () => (await readdir(folders.of("job").segments)).filter((name) => name.endsWith(".part"));

test("an upload whose client was cut off for longer than its lease goes on where it was, before its link is back", async () => {
  const { bench, results, attempt } = await cutInUpload();
  expect(await results.state(attempt.id, reportOf(attempt))).toEqual({ offset: BLOCK, isComplete: false });
  expect(bench.attempt().id).toBe(attempt.id);
  expect(await results.append(attempt.id, reportOf(attempt), appendOf(pieceOf(content, BLOCK)))).toMatchObject({
    isComplete: true,
  });
  expect(bench.segment(0)).toMatchObject({ attempts: 1, losses: 0, phase: { kind: "verifying" } });
  const landed = Bun.file(folders.segmentFile("job", 0, attempt.id));
  expect(sha256Of(await landed.bytes())).toBe(facts.sha256);
});

test("where somebody else has the segment it is refused, and what came of it goes", async () => {
  const { bench, results, attempt } = await cutInUpload();
  expect((await parts()).length).toBe(1);
  bench.hello("two");
  expect(bench.attempt("two").segmentIndex).toBe(0);
  await expect(results.state(attempt.id, reportOf(attempt))).rejects.toMatchObject({ code: "E_STALE_ATTEMPT" });
  await expect(results.append(attempt.id, reportOf(attempt), appendOf(pieceOf(content, BLOCK)))).rejects.toMatchObject({
    code: "E_STALE_ATTEMPT",
  });
  await results.sweep();
  expect(await parts()).toEqual([]);
});

test("a segment larger than its pictures can be is refused before a byte is kept", async () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  const picture = { width: 16, height: 16, isDeep: false, size: "32x32" };
  bench.submit("job", { settings: { benchmarkSeconds: 100, picture } });
  bench.index(1);
  const attempt = bench.attempt();
  const results = receiverOf(bench);
  const most = mostResultBytes(bench.job(), bench.segment(0));
  expect(most).toBeLessThan(6 * 1024 * 1024);
  const large = { ...reportOf(attempt), bytes: most + 1 };
  const piece = appendOf(pieceOf(content, 0, BLOCK));
  await expect(results.append(attempt.id, large, piece)).rejects.toMatchObject({ code: "E_TOO_LARGE" });
  await expect(results.state(attempt.id, large)).rejects.toMatchObject({ code: "E_TOO_LARGE" });
  expect(await parts()).toEqual([]);
  expect(await results.state(attempt.id, { ...large, bytes: most })).toEqual({ offset: 0, isComplete: false });
});

test("what a plan allows: raw pictures of every format, and any rate where nobody has counted", () => {
  const segment = { startPts: 0, endPts: 90_000, frames: 25 };
  const job = { timeBase: { num: 1, den: 90_000 }, frameRate: 25, split: { mode: "keyframes" } } as const;
  const withPicture = (picture?: EncodedPicture) => ({ ...job, settings: { picture } }) as unknown as Job;
  const deep = { width: 1, height: 1, isDeep: true, size: "1920x1080" };
  expect(mostResultBytes(withPicture(deep), segment)).toBeGreaterThan(25 * 1920 * 1080 * 8);
  expect(mostResultBytes(withPicture({ ...deep, isDeep: false }), segment)).toBeLessThan(2e9);
  const whole = { ...withPicture(deep), split: { mode: "whole", reason: "" } } as const;
  expect(mostResultBytes(whole, segment)).toBeGreaterThan(1000 * 1920 * 1080 * 8);
  const { size: _size, ...untried } = deep;
  for (const picture of [undefined, untried])
    expect(mostResultBytes(withPicture(picture), segment)).toBe(Number.POSITIVE_INFINITY);
});

test("an attempt has one result: another content takes its place, so that nobody fills the disk with contents", async () => {
  const { results, attempt } = await cutInUpload();
  for (let count = 0; count < 5; count += 1) {
    const other = new Uint8Array(content.length).fill(count);
    const report = { ...reportOf(attempt), sha256: sha256Of(other) };
    expect(await results.append(attempt.id, report, appendOf(pieceOf(other, 0, BLOCK)))).toMatchObject({
      offset: BLOCK,
    });
    expect((await parts()).length).toBe(1);
  }
});

test("who knows attempt and client but not the secret reads and changes nothing of a result", async () => {
  const { bench, results, attempt } = await cutInUpload();
  const { id } = attempt;
  const forged = new Uint8Array(content.length).fill(1);
  const facts = { ...reportOf(attempt), sha256: sha256Of(forged) };
  for (const secret of ["0".repeat(64), "", secrets.of("another"), new AttemptSecrets(Buffer.alloc(32, 1)).of(id)]) {
    const report = { ...facts, secret };
    await expect(results.state(id, report)).rejects.toMatchObject({ code: "E_FORBIDDEN" });
    const piece = appendOf(pieceOf(forged, 0));
    await expect(results.append(id, report, piece)).rejects.toMatchObject({ code: "E_FORBIDDEN" });
  }
  // Not even the lost lease was taken up again.
  expect(bench.attempts()).toEqual([]);
  expect((await parts()).length).toBe(1);
});

test("a restarted server knows the secrets that it gave out, and another server does not", async () => {
  const first = await AttemptSecrets.open(workDir);
  expect((await AttemptSecrets.open(workDir)).isRight("attempt", first.of("attempt"))).toBe(true);
  expect((await stat(join(workDir, "attempt-key"))).mode & 0o777).toBe(0o600);
  const other = await AttemptSecrets.open(folders.serverDir);
  expect(other.isRight("attempt", first.of("attempt"))).toBe(false);
});
