// The archive for linux-x64, unpacked in an empty folder with nothing on the PATH, does the main job.
// `npm run test:platforms`.
import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { Cluster } from "../support/cluster.ts";
import { doesTheMainJob, ffmpegFor, LONGEST_MS, NOTHING_ELSE, titled, unpackedFor } from "./main-job.ts";

const ffmpeg = ffmpegFor("8.1");
const isThis = process.platform === "linux" && process.arch === "x64";
const missing = isThis
  ? ffmpeg === null
    ? "FFCLUSTER_FFMPEGS names no folder with 8.1"
    : null
  : "this is no Linux on x64";

test.skipIf(missing !== null)(
  titled(missing, "an unpacked archive serves, joins and submits with an empty PATH"),
  async () => {
    const { folder, executable } = await unpackedFor("linux-x64", ffmpeg ?? "");
    try {
      await using cluster = await Cluster.make({ command: [executable] });
      await doesTheMainJob(cluster, NOTHING_ELSE);
      const path = await cluster.run(["ffmpeg", "path"], NOTHING_ELSE);
      expect(path.stdout).toContain(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  LONGEST_MS,
);
