// Sources whose times are odd, through a cluster and against plain ffmpeg: recordings joined byte by byte, clocks that
// begin at zero or late, streams that are left out, pictures without a time of their own; and pictures that change.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { Cluster } from "../support/cluster.ts";
import { IS_LONG } from "../support/long-run.ts";
import { mustRun, type Tools, toolsIn } from "../support/versus-plain/tools.ts";
import { verdictOf } from "../support/versus-plain/verdict.ts";

const LOSSLESS = "-c:v libx264 -preset ultrafast -qp 0";
const PICTURES = ["-f", "lavfi", "-i"] as const;
const SOUND = [...PICTURES, "sine=440:r=48000:d=3"] as const;
const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-c:a", "aac"] as const;
const MPEG2 = ["-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-c:a", "mp2"] as const;

let cluster: Cluster;
let tools: Tools;

beforeAll(async () => {
  tools = await toolsIn(null);
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "2"] });
  await cluster.join("near", ["--source-access", "direct"]);
  await cluster.join("far", ["--source-access", "gateway"]);
}, 60_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function make(name: string, args: readonly string[]): Promise<string> {
  const path = cluster.path(name);
  await mustRun([tools.ffmpeg, "-nostdin", "-v", "error", "-y", ...args, path]);
  return path;
}

async function joined(name: string, parts: readonly string[]): Promise<string> {
  const path = cluster.path(name);
  await writeFile(path, Buffer.concat(await Promise.all(parts.map((part) => readFile(part)))));
  return path;
}

async function expectExact(source: string, container: string, params = LOSSLESS): Promise<string> {
  const output = `${source}.out.${container}`;
  const verdict = await verdictOf(cluster, tools, { source, params, output, boundMs: 60_000 });
  expect(verdict).toMatchObject({ kind: "exact" });
  return verdict.kind === "exact" ? verdict.notes.join("; ") : "";
}

/** Two recordings of three seconds whose pictures and tones differ. */
async function recordings(name: string, codecs: readonly string[], rest: readonly string[] = []): Promise<string[]> {
  const parts: string[] = [];
  for (const number of [1, 2]) {
    const pictures = `testsrc2=s=160x90:r=25:d=3,hue=h=${number * 60}`;
    const sound = `sine=${number * 330}:r=48000:d=3`;
    parts.push(await make(`${number}.${name}`, [...PICTURES, pictures, ...PICTURES, sound, ...codecs, ...rest]));
  }
  return parts;
}

test("two transport streams joined: both halves in step, as plain ffmpeg corrects them", async () => {
  const source = await joined("joined.ts", await recordings("back.ts", H264));
  expect(await expectExact(source, "mp4")).toContain("several recordings joined: at 4.");
}, 90_000);

// As two transport streams joined, on another clock (src/media/clock/correct-clock.test.ts).
test.skipIf(!IS_LONG)(
  "a transport stream joined to one an hour later, without sound",
  async () => {
    const [one = "", two = ""] = await recordings("silent.ts", H264, ["-an"]);
    const later = await make("later.ts", ["-i", two, "-c", "copy", "-output_ts_offset", "3600"]);
    expect(await expectExact(await joined("leap.ts", [one, later]), "mkv")).toContain("leaps forward by 3597");
  },
  90_000,
);

// As two transport streams joined, in another container.
test.skipIf(!IS_LONG)(
  "two titles of a DVD",
  async () => {
    const source = await joined("titles.vob", await recordings("title.vob", MPEG2, ["-f", "vob"]));
    expect(await expectExact(source, "mkv")).toContain("several recordings joined");
  },
  90_000,
);

test("recordings that can't be put on one clock are refused before any work", async () => {
  const [one = ""] = await recordings("loud.ts", H264);
  const silent = await make("silent-part.ts", ["-i", one, "-an", "-c", "copy"]);
  const source = await joined("odd.ts", [one, silent]);
  const held = { source, params: LOSSLESS, output: `${source}.mkv`, boundMs: 60_000 };
  const verdict = await verdictOf(cluster, tools, held);
  expect(verdict).toMatchObject({ kind: "refused", reason: expect.stringContaining("do not jump alike") });
}, 90_000);

test("slides in a transport stream are no jumps of its clock", async () => {
  const source = await make("slides.ts", [
    ...PICTURES,
    "testsrc2=s=160x90:r=1/12:d=36",
    ...H264,
    "-x264-params",
    "sliced-threads=0",
  ]);
  // Plain ffmpeg closes what it takes for jumps.
  const held = { source, params: LOSSLESS, output: `${source}.mkv`, boundMs: 60_000 };
  const verdict = await verdictOf(cluster, tools, { ...held, plainInputArgs: ["-dts_delta_threshold", "1000"] });
  expect(verdict).toMatchObject({ kind: "exact" });
}, 90_000);

test("sound that begins before the picture and is left out: the frames of a new rate count from the picture", async () => {
  const pictures = [...PICTURES, "testsrc2=s=160x90:r=60:d=3"];
  const late = ["-itsoffset", "0.0233", ...pictures, ...SOUND, ...H264];
  const source = await make("late.ts", [...late, "-output_ts_offset", "10"]);
  await expectExact(source, "mkv", `${LOSSLESS} -r 25 -an`);
}, 90_000);

test("a transport stream that begins at zero with the sound", async () => {
  const source = await make("zero.ts", [
    ...PICTURES,
    "testsrc2=s=160x90:r=25:d=3",
    ...SOUND,
    ...H264,
    "-bf",
    "0",
    "-muxdelay",
    "0",
  ]);
  await expectExact(source, "mp4");
}, 90_000);

test("a program stream in which some pictures say no time", async () => {
  const pictures = [...PICTURES, "testsrc2=s=96x64:r=25:d=3"];
  const source = await make("unsaid.vob", [...pictures, ...SOUND, ...MPEG2, "-b:v", "100k", "-f", "vob"]);
  await expectExact(source, "mp4");
}, 90_000);

/** Two parts in one Matroska file, whose pictures differ. */
async function changing(name: string, parts: readonly (readonly [pictures: string, args: readonly string[]])[]) {
  const files: string[] = [];
  for (const [number, [pictures, args]] of parts.entries()) {
    const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-bf", "0", ...args];
    const made = await make(`${number}.${name}.ts`, [...PICTURES, pictures, ...h264, "-muxdelay", "0"]);
    const offset = ["-output_ts_offset", String(number * 3), "-muxdelay", "0"];
    files.push(await make(`${number}.placed.${name}.ts`, ["-i", made, "-c", "copy", ...offset]));
  }
  return await make(`${name}.mkv`, ["-i", await joined(`${name}.ts`, files), "-c", "copy"]);
}

// As the differential seed of two sizes and burn-in.test.ts have it.
test.skipIf(!IS_LONG)(
  "pictures that change their size: all have that of the first one",
  async () => {
    const small = ["testsrc2=s=160x90:r=25:d=3", []] as const;
    const large = ["testsrc2=s=320x180:r=25:d=3", []] as const;
    const source = await changing("sizes", [small, large]);
    await expectExact(source, "mp4");
  },
  120_000,
);
