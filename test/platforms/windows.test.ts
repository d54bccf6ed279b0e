// The archive for Windows does the main job under wine (wine.ts): by itself, and with this machine's own executable as client
// and as server. `npm run test:platforms`.
import { afterAll, beforeAll, test } from "bun:test";
import { rm } from "node:fs/promises";
import { Cluster } from "../support/cluster.ts";
import {
  doesTheMainJob,
  LONGEST_MS,
  type Member,
  NATIVE,
  OWN_FFMPEG,
  SHORT_SEGMENTS,
  sharesOneJob,
  titled,
  type Unpacked,
  unpackedFor,
} from "./main-job.ts";
import { LINUX, missing, STARTED_WITHIN_MS, WINDOWS_FFMPEG, WINE } from "./wine.ts";

let unpacked: Unpacked;
const command = () => [WINE, unpacked.executable];

beforeAll(async () => {
  if (missing === null) unpacked = await unpackedFor("windows-x64", WINDOWS_FFMPEG);
}, LONGEST_MS);

afterAll(async () => {
  if (missing === null) await rm(unpacked.folder, { recursive: true });
});

test.skipIf(missing !== null)(
  titled(missing, "an unpacked archive for Windows serves, joins and submits"),
  async () => {
    await using cluster = await Cluster.make({ command: command(), startedWithinMs: STARTED_WITHIN_MS });
    await doesTheMainJob(cluster, OWN_FFMPEG);
  },
  LONGEST_MS,
);

const members = (): readonly [Member, Member] => [
  { name: "windows", command: command(), env: OWN_FFMPEG },
  { name: "linux", command: [NATIVE], env: LINUX },
];

for (const [number, system] of ["Windows", "Linux"].entries()) {
  test.skipIf(missing !== null)(
    titled(missing, `a client for Linux and one for Windows encode one video for a server on ${system}`),
    async () => {
      const server = members()[number as 0 | 1];
      await using cluster = await Cluster.make({ command: server.command, startedWithinMs: STARTED_WITHIN_MS });
      await cluster.serve({ args: SHORT_SEGMENTS, env: server.env });
      await sharesOneJob(cluster, members(), ["linux-x64", "windows-x64"]);
    },
    LONGEST_MS,
  );
}
