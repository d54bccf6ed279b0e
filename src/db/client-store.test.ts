import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../base/ids.ts";
import type { FinishedResult } from "../cluster/client/ports.ts";
import { openClientStore } from "./client-store.ts";

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

test("three processes in one folder get three identities; one that comes back gets its own again", () => {
  const stores = [openClientStore(workDir), openClientStore(workDir), openClientStore(workDir)];
  const claims = stores.map((store) => store.claimIdentity("node"));
  const ids = claims.map((claim) => claim.clientId);
  expect(new Set(ids).size).toBe(3);
  claims[1]?.release();
  const again = stores[1]?.claimIdentity("node");
  expect(again?.clientId).toBe(ids[1] ?? "");
  for (const claim of [...claims, again]) claim?.release();
  for (const store of stores) store.close();
  const later = openClientStore(workDir);
  const claim = later.claimIdentity("node");
  expect(claim.clientId).toBe(ids[0] ?? "");
  claim.release();
  later.close();
});

test("finished results stay until forgotten, in order, each with its own client", () => {
  const first = openClientStore(workDir);
  const mine = first.claimIdentity("a");
  const others = first.claimIdentity("b");
  const results = [result(mine.clientId, 1), result(others.clientId, 2), result(mine.clientId, 3)];
  for (const kept of results) first.keepResult(kept);
  first.close();
  const second = openClientStore(workDir);
  expect(second.keptResults(mine.clientId).map((kept) => kept.report.frames)).toEqual([1, 3]);
  expect(second.keptResults(mine.clientId)[0]).toEqual(results[0] as FinishedResult);
  second.forgetResult(results[0]?.attemptId ?? "");
  expect(second.keptResults(mine.clientId).map((kept) => kept.report.frames)).toEqual([3]);
  expect(second.keptResults(others.clientId)).toHaveLength(1);
  second.close();
  mine.release();
  others.release();
});

test("one encoder report for each key", () => {
  const store = openClientStore(workDir);
  expect(store.encoders.get("ffmpeg 5.1")).toBeNull();
  store.encoders.set("ffmpeg 5.1", "old");
  store.encoders.set("ffmpeg 5.1", "new");
  expect(store.encoders.get("ffmpeg 5.1")).toBe("new");
  store.close();
});
