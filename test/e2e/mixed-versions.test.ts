// Server and clients of different versions of ffmpeg in one job: exact as plain ffmpeg of the server's version, or the client
// is told apart before it gets work. The versions are in FFCLUSTER_FFMPEGS=DIR, each in a folder of its name (DIR/5.1/ffmpeg).
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import type { Proof } from "../../src/media/model/proof.ts";
import { probeSource } from "../../src/media/source/probe.ts";
import { Cluster, until } from "../support/cluster.ts";
import { mustRun, toolsIn } from "../support/versus-plain/tools.ts";
import { verdictOf } from "../support/versus-plain/verdict.ts";

setDefaultTimeout(240_000);

const FFMPEGS = process.env.FFCLUSTER_FFMPEGS ?? "";
/** The server's and one client's, then the other client's. */
const PAIRS = [
  ["5.1", "9.0"],
  ["9.0", "5.1"],
  ["7.1", "8.1"],
  ["6.0", "7.0"],
] as const;

const folderOf = (version: string) => join(FFMPEGS, version);
const envOf = (version: string) => ({ FFCLUSTER_FFMPEG_DIR: folderOf(version) });
const has = (versions: readonly string[]) => versions.every((version) => existsSync(join(folderOf(version), "ffmpeg")));
/** Behind the name of what is skipped. */
const why = (versions: readonly string[]) =>
  has(versions) ? "" : ` (skipped: FFCLUSTER_FFMPEGS names no folder with ffmpeg ${versions.join(" and ")})`;
const LOSSLESS = "-c:v libx264 -preset ultrafast -qp 0";

/** Of a variable rate, with B-frames: what versions differ about. */
async function makeVariable(path: string): Promise<void> {
  const times = "setpts=PTS+(gt(mod(N\\,7)\\,3)*0.011+gte(N\\,100)*0.21)/TB";
  await mustRun([
    ...["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", `testsrc2=s=192x108:r=30:d=6,${times}`],
    ...["-f", "lavfi", "-i", "aevalsrc='0.3*sin(2*PI*(200*t+300*t*t))':s=48000:d=6"],
    ...["-fps_mode", "passthrough", "-enc_time_base", "1/90000", "-c:v", "libx264", "-preset", "veryfast", "-g", "30"],
    // All colours stated: what becomes of unstated ones is another question.
    ...["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"],
    ...["-c:a", "aac", "-video_track_timescale", "90000", "-y", path],
  ]);
}

async function makeTiny(path: string, seconds: number, encoder: readonly string[]): Promise<void> {
  const pictures = ["-f", "lavfi", "-i", `testsrc2=s=64x64:d=${seconds}`];
  await mustRun(["ffmpeg", "-nostdin", "-v", "error", ...pictures, ...encoder, path]);
}

async function clusterOf(server: string, other: string): Promise<Cluster> {
  const cluster = await Cluster.make();
  const short = ["--benchmark-duration", "1", "--max-segment-duration", "1", "--retry-delay", "0"];
  await cluster.serve({ env: envOf(server), args: short });
  await Promise.all([cluster.join("same", [], envOf(server)), cluster.join("other", [], envOf(other))]);
  return cluster;
}

for (const [server, other] of PAIRS) {
  describe.skipIf(!has([server, other]))(
    `a server with ffmpeg ${server}, clients with ${server} and ${other}${why([server, other])}`,
    () => {
      test("each job is as plain ffmpeg of the server's version", async () => {
        await using cluster = await clusterOf(server, other);
        const source = cluster.path("variable.mp4");
        await makeVariable(source);
        const tools = await toolsIn(folderOf(server));
        for (const params of [`${LOSSLESS} -r 25`, `${LOSSLESS} -vf fps=24`, "-c:v ffv1", LOSSLESS]) {
          const output = cluster.path("output.mkv");
          const verdict = await verdictOf(cluster, tools, { source, params, output, boundMs: 100_000 });
          expect({ params, verdict }).toMatchObject({ verdict: { kind: "exact" } });
        }
      });
    },
  );
}

describe.skipIf(!has(["5.1", "8.1"]))(
  `a client whose ffmpeg has no decoder for the source${why(["5.1", "8.1"])}`,
  () => {
    test("gets none of the job, and it is said; alone, the job waits with the reason", async () => {
      await using cluster = await Cluster.make();
      await cluster.serve({ env: envOf("5.1") });
      await cluster.join("bare", [], envOf("8.1"));
      const source = cluster.path("av1.mp4");
      const encoder = ["-c:v", "libaom-av1", "-cpu-used", "8", "-g", "25"];
      await makeTiny(source, 2, encoder);
      const jobId = await cluster.submit(source, "output.mkv", LOSSLESS);
      const reason = /cannot decode av1/;
      await until("the reason is shown", 60_000, async () =>
        reason.test((await cluster.command(["jobs", "show", jobId])).stdout),
      );
      await cluster.join("whole", [], envOf("5.1"));
      await cluster.untilComplete(jobId, 60_000);
      const proof = await cluster.json<Proof>(["jobs", "proof", jobId, "--json"]);
      expect(proof.segments.map(({ client }) => client)).not.toContain("bare");
    });
  },
);

describe.skipIf(!has(["8.1", "9.0"]))(`x265 for eight bits in 8.1, for ten in 9.0${why(["8.1", "9.0"])}`, () => {
  const formatOf = (proof: Proof) => proof.checks.find(({ name }) => name === "pixel format")?.detail ?? "";

  test("ten bits are those of the server, or of clients that have them, never of both kinds", async () => {
    for (const [server, other] of [
      ["9.0", "8.1"],
      ["8.1", "9.0"],
    ] as const) {
      await using cluster = await clusterOf(server, other);
      const source = cluster.path("ten.mp4");
      await makeTiny(source, 4, ["-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-g", "25"]);
      for (const [params, ten] of [
        ["-c:v libx265 -preset ultrafast", server === "9.0"],
        ["-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le", true],
        ["-c:v hevc", true],
      ] as const) {
        const jobId = await cluster.submit(source, "ten.mkv", params);
        await cluster.untilComplete(jobId, 60_000);
        const proof = await cluster.json<Proof>(["jobs", "proof", jobId, "--json"]);
        expect({ params, format: formatOf(proof) }).toEqual({
          params,
          format: `${ten ? "yuv420p10le" : "yuv420p"} in the output and in every segment`,
        });
      }
    }
  });
});

for (const version of ["6.0", "7.0"]) {
  test.skipIf(!has([version]))(
    `a transport stream that names its programme, ffmpeg ${version}${why([version])}`,
    async () => {
      await using cluster = await Cluster.make();
      const source = cluster.path("named.ts");
      const named = ["-metadata", "service_name=Erstes Programm", "-f", "mpegts"];
      await makeTiny(source, 1, named);
      // Static builds died of it (src/media/ffmpeg/sandbox/tool-environment.ts).
      const info = await probeSource(await findTools(envOf(version)), source);
      expect(info.formatName).toBe("mpegts");
    },
  );
}
