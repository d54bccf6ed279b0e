// Every ClientStore keeps the contract of its port (src/cluster/client/ports.ts).
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { newId } from "../../src/base/ids.ts";
import type { ClientStore, FinishedResult } from "../../src/cluster/client/ports.ts";
import { openClientStore } from "../../src/db/client-store.ts";
import { MemoryWorkDir, openMemoryClientStore } from "../support/memory-client-store.ts";

let workDir: string;
beforeEach(async () => {
  workDir = await mkdtemp(join(tmpdir(), "ffc-client-store-"));
});
afterEach(() => rm(workDir, { recursive: true, force: true }));

function result(clientId: string, frames: number): FinishedResult {
  return {
    attemptId: newId(),
    clientId,
    jobId: newId(),
    path: join(workDir, "segment.nut"),
    report: {
      clientId,
      secret: "0".repeat(64),
      sha256: "0".repeat(64),
      bytes: 10,
      frames,
      seconds: 1.5,
      encoder: "libx264",
      ffmpegVersion: "5.1",
      seamStart: null,
      seamAfterEnd: null,
      decodeErrors: [],
    },
  };
}

const framesOf = (results: readonly FinishedResult[]) => results.map(({ report }) => report.frames);

/** Each makes a work directory; what that returns opens its store once more, as another process does. */
const STORES: Readonly<Record<string, () => () => ClientStore>> = {
  "in memory": () => {
    const shared = new MemoryWorkDir(workDir);
    return () => openMemoryClientStore(shared);
  },
  "on SQLite": () => () => openClientStore(workDir),
};

describe.each(Object.entries(STORES))("%s", (_name, makeWorkDir) => {
  test("three processes in one folder get three identities; one that comes back gets its own again", () => {
    const open = makeWorkDir();
    const stores = [open(), open(), open()];
    const claims = stores.map((store) => store.claimIdentity("node"));
    const ids = claims.map((claim) => claim.clientId);
    expect(new Set(ids).size).toBe(3);
    for (const { clientId, folder } of claims) {
      expect(folder).toBe(resolve(workDir, "client", clientId));
      expect(existsSync(folder)).toBe(true);
    }
    claims[1]?.release();
    claims[1]?.release();
    const again = stores[1]?.claimIdentity("node");
    expect(again?.clientId).toBe(ids[1] ?? "");
    for (const claim of [...claims, again]) claim?.release();
    for (const store of stores) store.close();
    const later = open();
    const claim = later.claimIdentity("node");
    expect(claim.clientId).toBe(ids[0] ?? "");
    claim.release();
    later.close();
  });

  test("a claim outlives the store that it was made with", () => {
    const open = makeWorkDir();
    const first = open();
    const claim = first.claimIdentity("a");
    first.close();
    const second = open();
    const other = second.claimIdentity("b");
    expect(other.clientId).not.toBe(claim.clientId);
    claim.release();
    other.release();
    second.close();
  });

  test("finished results stay until forgotten, in order, each with its own client", () => {
    const open = makeWorkDir();
    const first = open();
    const mine = first.claimIdentity("a");
    const others = first.claimIdentity("b");
    const results = [result(mine.clientId, 1), result(others.clientId, 2), result(mine.clientId, 3)];
    for (const kept of results) first.keepResult(kept);
    first.close();
    const second = open();
    expect(framesOf(second.keptResults(mine.clientId))).toEqual([1, 3]);
    expect(second.keptResults(mine.clientId)[0]).toEqual(results[0] as FinishedResult);
    second.forgetResult(results[0]?.attemptId ?? "");
    second.forgetResult(newId());
    expect(framesOf(second.keptResults(mine.clientId))).toEqual([3]);
    expect(second.keptResults(others.clientId)).toHaveLength(1);
    second.close();
    mine.release();
    others.release();
  });

  test("a result that is kept again takes the place of the one before", () => {
    const store = makeWorkDir()();
    const { clientId, release } = store.claimIdentity("a");
    const [one, two] = [result(clientId, 1), result(clientId, 2)];
    for (const kept of [one, two]) store.keepResult(kept);
    store.keepResult({ ...one, path: "/elsewhere.nut", report: { ...one.report, frames: 9 } });
    expect(framesOf(store.keptResults(clientId))).toEqual([9, 2]);
    expect(store.keptResults(clientId)[0]?.path).toBe("/elsewhere.nut");
    expect(() => store.keepResult(result("no identity of this folder", 3))).toThrow();
    release();
    store.close();
  });

  test("one encoder report for each key, which other processes see", () => {
    const open = makeWorkDir();
    const [store, other] = [open(), open()];
    expect(store.encoders.get("ffmpeg 5.1")).toBeNull();
    store.encoders.set("ffmpeg 5.1", "old");
    store.encoders.set("ffmpeg 5.1", "new");
    store.encoders.set("ffmpeg 9.0", "another");
    expect(other.encoders.get("ffmpeg 5.1")).toBe("new");
    for (const each of [store, other]) each.close();
  });
});
