// The archives for Linux with musl do the main job, by themselves and together with this machine's own executable.
// FFCLUSTER_MUSL and FFCLUSTER_MUSL_ARM64 name what runs a program where there is musl with libstdc++ (`room.sh musl` and
// `room.sh musl-arm64` make it); a machine that has both needs none. `npm run test:platforms`.
import { afterAll, test } from "bun:test";
import { rm } from "node:fs/promises";
import type { Platform } from "../../src/ffmpeg-install/platform.ts";
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

const { FFCLUSTER_MUSL = "", FFCLUSTER_MUSL_ARM64 = "" } = process.env;
const GLIBC = { FFCLUSTER_FFMPEG_DIR: ffmpegFor("8.1") ?? "" };

interface Machine {
  readonly platform: Platform;
  /** As clients name it. */
  readonly named: string;
  /** A static build runs with any C library. */
  readonly ffmpeg: string;
  readonly room: string;
  readonly hint: string;
}

const X64: Machine = {
  platform: "linux-x64-musl",
  named: "linux-x64",
  ffmpeg: "8.1",
  room: FFCLUSTER_MUSL,
  hint: "sh test/platforms/room.sh musl DIR, then FFCLUSTER_MUSL=DIR/run",
};
const ARM64: Machine = {
  platform: "linux-arm64-musl",
  named: "linux-arm64",
  ffmpeg: "8.1-linux-arm64",
  room: FFCLUSTER_MUSL_ARM64,
  hint: "sh test/platforms/room.sh musl-arm64 DIR, then FFCLUSTER_MUSL_ARM64=DIR/run",
};

const unpacked: Unpacked[] = [];

/** How its program is started, or why this can't be tried here. */
async function commandOf({ platform, ffmpeg, room, hint }: Machine): Promise<readonly string[] | string> {
  if (process.platform !== "linux" || process.arch !== "x64") return "this is no Linux on x64";
  const folder = ffmpegFor(ffmpeg);
  if (folder === null || GLIBC.FFCLUSTER_FFMPEG_DIR === "")
    return `FFCLUSTER_FFMPEGS names no folder with 8.1 and ${ffmpeg}, static builds`;
  const archive = await unpackedFor(platform, folder);
  unpacked.push(archive);
  const command = [...(room === "" ? [] : [room]), archive.executable];
  return starts([...command, "--version"]) ? command : `there is no musl with libstdc++ here: ${hint}`;
}

afterAll(async () => {
  for (const { folder } of unpacked) await rm(folder, { recursive: true });
});

for (const machine of [X64, ARM64]) {
  const found = await commandOf(machine);
  const missing = typeof found === "string" ? found : null;
  const command = typeof found === "string" ? [] : found;
  const making = { startedWithinMs: LONGEST_MS / 3 };

  test.skipIf(missing !== null)(
    titled(missing, `an unpacked archive for ${machine.platform} serves, joins and submits`),
    async () => {
      await using cluster = await Cluster.make({ ...making, command });
      await doesTheMainJob(cluster, OWN_FFMPEG);
    },
    LONGEST_MS,
  );

  test.skipIf(missing !== null)(
    titled(missing, `a client for glibc and one for ${machine.platform} encode one video together`),
    async () => {
      await using cluster = await Cluster.make(making);
      await cluster.serve({ args: SHORT_SEGMENTS, env: GLIBC });
      const quick = { name: "glibc", command: [NATIVE], env: GLIBC };
      const other = { name: "musl", command, env: OWN_FFMPEG };
      await sharesOneJob(cluster, [other, quick], [machine.named, "linux-x64"]);
    },
    LONGEST_MS,
  );
}
