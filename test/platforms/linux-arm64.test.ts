// The archive for linux-arm64 does the main job where this machine starts programs for arm64 (qemu-user): by itself, and
// together with this machine's own executable. `npm run test:platforms`.
import { afterAll, beforeAll, test } from "bun:test";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Cluster } from "../support/cluster.ts";
import {
  doesTheMainJob,
  ffmpegFor,
  LONGEST_MS,
  NATIVE,
  NOTHING_ELSE,
  SHORT_SEGMENTS,
  sharesOneJob,
  starts,
  titled,
  type Unpacked,
  unpackedFor,
} from "./main-job.ts";

const ARM64 = ffmpegFor("8.1-linux-arm64");
const X64 = { FFCLUSTER_FFMPEG_DIR: ffmpegFor("8.1") ?? "" };
const STARTED_WITHIN_MS = LONGEST_MS / 3;

/** Why this can't be tried here; null: it can. */
function whyNot(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") return "this is no Linux on x64";
  if (ARM64 === null || X64.FFCLUSTER_FFMPEG_DIR === "")
    return "FFCLUSTER_FFMPEGS names no folder with 8.1 and 8.1-linux-arm64";
  if (!starts([join(ARM64, "ffmpeg"), "-version"]))
    return "programs for arm64 don't start here: install qemu-user-static and binfmt-support";
  if (!existsSync("/lib/ld-linux-aarch64.so.1")) return "there is no C library for arm64: install libc6:arm64";
  return null;
}

const missing = whyNot();
let unpacked: Unpacked;

beforeAll(async () => {
  if (missing === null) unpacked = await unpackedFor("linux-arm64", ARM64 ?? "");
}, LONGEST_MS);

afterAll(async () => {
  if (missing === null) await rm(unpacked.folder, { recursive: true });
});

test.skipIf(missing !== null)(
  titled(missing, "an unpacked archive for linux-arm64 serves, joins and submits with an empty PATH"),
  async () => {
    await using cluster = await Cluster.make({ command: [unpacked.executable], startedWithinMs: STARTED_WITHIN_MS });
    await doesTheMainJob(cluster, NOTHING_ELSE);
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(missing, "a client for x64 and one for arm64 encode one video together"),
  async () => {
    await using cluster = await Cluster.make({ startedWithinMs: STARTED_WITHIN_MS });
    await cluster.serve({ args: SHORT_SEGMENTS, env: X64 });
    const slow = { name: "arm64", command: [unpacked.executable], env: NOTHING_ELSE };
    const quick = { name: "x64", command: [NATIVE], env: X64 };
    await sharesOneJob(cluster, [slow, quick], ["linux-arm64", "linux-x64"]);
  },
  LONGEST_MS,
);
