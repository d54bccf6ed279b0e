// The archive for Linux with musl does the main job, by itself and together with this machine's own executable.
// FFCLUSTER_MUSL names what runs a program where there is musl with libstdc++ (`room.sh musl` makes it); a machine that has
// both needs none. `npm run test:platforms`.
import { afterAll, test } from "bun:test";
import { rm } from "node:fs/promises";
import { Cluster } from "../support/cluster.ts";
import {
  doesTheMainJob,
  ffmpegFor,
  LONGEST_MS,
  NATIVE,
  OWN_FFMPEG,
  SHORT_SEGMENTS,
  sharesOneJob,
  starts,
  titled,
  type Unpacked,
  unpackedFor,
} from "./main-job.ts";

/** A static build runs with any C library. */
const FFMPEG = ffmpegFor("8.1");
const { FFCLUSTER_MUSL: room = "" } = process.env;

let unpacked: Unpacked | null = null;
let command: readonly string[] = [];

/** Why this can't be tried here; null: it can. */
async function whyNot(): Promise<string | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return "this is no Linux on x64";
  if (FFMPEG === null) return "FFCLUSTER_FFMPEGS names no folder with 8.1, a static build";
  unpacked = await unpackedFor("linux-x64-musl", FFMPEG);
  command = [...(room === "" ? [] : [room]), unpacked.executable];
  if (starts([...command, "--version"])) return null;
  return "there is no musl with libstdc++ here: sh test/platforms/room.sh musl DIR, then FFCLUSTER_MUSL=DIR/run";
}

const missing = await whyNot();

afterAll(async () => {
  if (unpacked !== null) await rm(unpacked.folder, { recursive: true });
});

test.skipIf(missing !== null)(
  titled(missing, "an unpacked archive for musl serves, joins and submits"),
  async () => {
    await using cluster = await Cluster.make({ command });
    await doesTheMainJob(cluster, OWN_FFMPEG);
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(missing, "a client for glibc and one for musl encode one video together"),
  async () => {
    await using cluster = await Cluster.make();
    const env = { FFCLUSTER_FFMPEG_DIR: FFMPEG ?? "" };
    await cluster.serve({ args: SHORT_SEGMENTS, env });
    const quick = { name: "glibc", command: [NATIVE], env };
    await sharesOneJob(cluster, [{ name: "musl", command, env: OWN_FFMPEG }, quick], ["linux-x64", "linux-x64"]);
  },
  LONGEST_MS,
);
