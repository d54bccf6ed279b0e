// A full disk, for real: a small tmpfs under the work directory (Linux, root only; skipped elsewhere). The parts of server
// and client that meet it first; whole processes are in test/e2e/disk-full.test.ts.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../src/base/digest.ts";
import { newId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import { openSourceGateway } from "../../src/cluster/client/gateway/source-gateway.ts";
import type { Input } from "../../src/cluster/scheduler/model/input.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import { JobFolders } from "../../src/cluster/server/job/job-folders.ts";
import { AttemptSecrets } from "../../src/cluster/server/transfers/attempt-secrets.ts";
import { ResultReceiver } from "../../src/cluster/server/transfers/result-receiver.ts";
import { SourceRegistry } from "../../src/cluster/server/transfers/source-registry.ts";
import { SourceUploads } from "../../src/cluster/server/transfers/source-uploads.ts";
import { FULL_FOR_MS, SpaceGuard } from "../../src/cluster/server/transfers/space-guard.ts";
import { openServerStore } from "../../src/db/server/server-store.ts";
import { commit } from "../support/commit.ts";
import { SchedulerBench } from "../support/scheduler-bench.ts";
import { canHaveSmallDisks, SmallDisk } from "../support/small-disk.ts";
import { StandInCoordinator } from "../support/stand-in-coordinator.ts";
import { appendOf, pieceOf } from "../support/upload.ts";

const MIB = 1024 * 1024;
const isPossible = canHaveSmallDisks();

let folder: string;
let disk: SmallDisk | null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-full-"));
  disk = isPossible ? new SmallDisk(folder, 4) : null;
});
afterEach(async () => {
  disk?.[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

test.skipIf(!isPossible)(
  "an upload that can't fit is refused before a byte; one that runs full makes room again",
  async () => {
    const uploadsDir = join(folder, "uploads");
    const uploads = new SourceUploads(uploadsDir, new SourceRegistry({ mediaRoots: [], blockBytes: 65_536 }));
    await uploads.restore(new Set());
    const refusal = await uploads.begin({ name: "a.mp4", bytes: 3 * MIB, key: null }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(refusal).toMatchObject({ code: "E_NO_SPACE", hint: expect.stringContaining("Free some space") });
    expect(await readdir(uploadsDir)).toEqual([]);
    disk?.resize(48);
    const content = new Uint8Array(8 * MIB).fill(7);
    const begun = await uploads.begin({ name: "a.mp4", bytes: content.length, key: null });
    const send = (start: number, end: number) =>
      uploads.append(begun.sourceId, appendOf(pieceOf(content, start, end)), null).then(
        ({ offset }) => offset,
        (thrown: unknown) => thrown,
      );
    expect(await send(0, 3 * MIB)).toBe(3 * MIB);
    disk?.resize(5);
    expect(await send(3 * MIB, 7 * MIB)).toMatchObject({ code: "E_NO_SPACE" });
    expect(await readdir(uploadsDir)).toEqual([]);
  },
);

test.skipIf(!isPossible)(
  "a segment that finds no room: 507, nothing half written; the job waits a minute, then fails with the reason",
  async () => {
    const bench = new SchedulerBench();
    const clientId = newId();
    bench.hello(clientId);
    const jobId = newId();
    bench.submit(jobId);
    bench.index(100, jobId);
    const attempt = bench.attempt();
    const folders = new JobFolders(folder);
    await folders.make(jobId);
    const segment = new Uint8Array(2 * MIB).fill(7);
    const inputs: Input[] = [];
    const space = new SpaceGuard();
    const secrets = new AttemptSecrets(Buffer.alloc(32));
    const parts = {
      folders,
      secrets,
      space,
      state: (): SchedulerState => bench.state,
      dispatch: (input: Input) => {
        inputs.push(input);
        return { ok: true } as const;
      },
    };
    const facts = { frames: 1, seconds: 1, encoder: "libx264", ffmpegVersion: "5.1", decodeErrors: [] };
    const report = {
      ...facts,
      clientId,
      secret: secrets.of(attempt.id),
      sha256: sha256Of(segment),
      bytes: segment.length,
      seamStart: null,
      seamAfterEnd: null,
    };
    const results = new ResultReceiver(parts);
    const send = () =>
      results.append(attempt.id, report, appendOf(pieceOf(segment))).then(
        () => null,
        (thrown: unknown) => thrown,
      );

    await writeFile(join(folder, "ballast"), new Uint8Array(3 * MIB));
    expect(await send()).toMatchObject({ code: "E_NO_SPACE" });
    expect(await readdir(folders.of(jobId).segments)).toEqual([]);
    expect(inputs).toEqual([]);
    await rm(join(folder, "ballast"));
    expect(await send()).toBeNull();
    expect(inputs.map((input) => input.type)).toEqual(["result-landed"]);
    expect((await readdir(folders.of(jobId).segments)).length).toBe(1);

    expect(space.full(jobId, 0)).toBeNull();
    expect(space.full(jobId, FULL_FOR_MS - 1)).toBeNull();
    expect(space.full(jobId, FULL_FOR_MS)).toMatchObject({
      code: "E_NO_SPACE",
      hint: expect.stringContaining("jobs retry"),
    });
  },
);

test.skipIf(!isPossible)("a database that finds no room says so, and what was committed stays whole", async () => {
  const path = join(folder, "server.db");
  const store = openServerStore(path);
  const bench = new SchedulerBench();
  bench.hello("one");
  commit(store, { jobs: new Map(), clients: new Map(), attempts: new Map() }, bench.state, bench.last.events);
  await writeFile(join(folder, "ballast"), new Uint8Array(4 * MIB)).catch(() => undefined); // as much as fits
  const subject = { jobId: null, clientId: "one", segmentIndex: null, attemptId: null };
  const event = { at: "2026-01-01T00:00:00.000Z", type: "client-status", ...subject } as const;
  let thrown: unknown = null;
  for (let times = 0; times < 2000 && thrown === null; times++) {
    const before = bench.state;
    bench.hello("one");
    try {
      commit(store, before, bench.state, [{ ...event, detail: "x".repeat(2000) }]);
    } catch (caught) {
      thrown = caught;
    }
  }
  expect(thrown).toMatchObject({ code: "SQLITE_FULL" });
  await rm(join(folder, "ballast"));
  store.close();
  const again = openServerStore(path);
  expect(again.load().state.clients.has("one")).toBe(true);
  again.close();
});

test.skipIf(!isPossible)("a client without room for blocks reads its source all the same, whole", async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), "ffcluster-full-"));
  const server = new StandInCoordinator({ folder: elsewhere });
  const path = join(elsewhere, "source.bin");
  const bytes = crypto.getRandomValues(new Uint8Array(65_536 * 40).subarray(0, 65_536)); // one block of noise
  const whole = new Uint8Array(65_536 * 40);
  for (let block = 0; block < 40; block++)
    whole.set(
      bytes.map((byte) => byte ^ block),
      block * 65_536,
    );
  await writeFile(path, whole);
  await disk?.fillUpTo(1);
  const gateway = await openSourceGateway({
    remote: { serverUrl: server.url, token: "token" },
    cacheFolder: join(folder, "cache"),
    log: silentLog,
  });
  try {
    const source = gateway.open(await server.addSource(path, 65_536));
    for (let times = 0; times < 2; times++) {
      const got = await (await fetch(source.url)).bytes();
      expect(sha256Of(got)).toBe(sha256Of(whole));
    }
    expect(source.failure()).toBeNull();
    expect(gateway.cachedBytes()).toBeLessThanOrEqual(MIB);
    expect(gateway.cachedBytes()).toBeGreaterThan(0);
    source.release();
  } finally {
    await gateway.close();
    await server.stop();
    await rm(elsewhere, { recursive: true, force: true });
  }
});
