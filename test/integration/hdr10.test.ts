// HDR10 metadata through the whole media layer: what the source says of its mastering display and light level is what the
// output of at least two segments says, at every key frame, whichever encoder made it: those that have words for it, those
// that have none, and EMULATED hardware ones that write nothing (test/support/emulated-hardware.ts).
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUnconfined } from "../../src/media/ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../../src/media/ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../../src/media/ffmpeg/tools.ts";
import { runLocally } from "../../src/media/local/local-pipeline.ts";
import { readHdr, type SideData } from "../../src/media/model/hdr.ts";
import type { Container } from "../../src/media/model/source.ts";
import { HDR10_METADATA } from "../../src/media/model/source-video.fixture.ts";
import { parseEncodeParams } from "../../src/media/request/parse/parse-params.ts";
import { type Emulation, emulatedFfmpeg } from "../support/emulated-hardware.ts";
import { rowsOf } from "../support/long-run.ts";
import { MEDIAINFO, outputOf, testWithProgram } from "../support/programs.ts";

const TIMEOUT_MS = 90_000;
let folder: string;
let source: string;
const toolsOf = new Map<Emulation["encoder"] | "real", Tools>();

async function toolsFor(encoder: Emulation["encoder"] | "real"): Promise<Tools> {
  const known = toolsOf.get(encoder);
  if (known !== undefined) return known;
  const env: Record<string, string | undefined> = { ...process.env };
  if (encoder !== "real")
    env.FFCLUSTER_FFMPEG_DIR = await emulatedFfmpeg(join(folder, encoder), {
      encoder,
      sessions: null,
      lostAfter: null,
    });
  // The emulated device keeps its state beside the program.
  const tools = await findTools(env, encoder === "real" ? "auto" : "off");
  toolsOf.set(encoder, tools);
  return tools;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-hdr10-"));
  source = join(folder, "source.mkv");
  const tools = await toolsFor("real");
  const light = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400";
  const args = [
    ...["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x96:r=25,trim=end_frame=20,format=yuv420p10le"],
    ...["-c:v", "libx265", "-preset", "ultrafast", "-g", "10", "-color_range", "tv", "-color_primaries", "bt2020"],
    ...["-color_trc", "smpte2084", "-colorspace", "bt2020nc"],
    ...["-x265-params", `log-level=error:hdr10=1:repeat-headers=1:${light}`, "-y", fileUrl(source)],
  ];
  const made = await runUnconfined({ program: tools.ffmpeg, args, timeoutMs: TIMEOUT_MS });
  expect(made).toMatchObject({ ended: "exit", exitCode: 0 });
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

const NVENC = "-preset p1 -cq 40 -b:v 0 -forced-idr 1";
const ROWS: readonly {
  readonly params: string;
  readonly emulated?: Emulation["encoder"];
  /** Which packets are told does not depend on it: mostly one, to keep the run short. */
  readonly containers: readonly Container[];
}[] = [
  { params: "-c:v libx265 -preset ultrafast -crf 35", containers: ["mkv"] },
  { params: "-c:v libsvtav1 -preset 12 -crf 55", containers: ["mp4"] },
  { params: "-c:v libaom-av1 -usage realtime -cpu-used 8 -crf 55", containers: rowsOf<Container>(["mp4"], ["mkv"]) },
  { params: "-c:v libx264 -preset ultrafast -crf 35", containers: ["mkv"] },
  { params: `-c:v hevc_nvenc ${NVENC}`, emulated: "hevc_nvenc", containers: ["mp4"] },
  { params: `-c:v av1_nvenc ${NVENC}`, emulated: "av1_nvenc", containers: ["mkv"] },
  { params: `-c:v h264_nvenc ${NVENC} -pix_fmt yuv420p10le`, emulated: "h264_nvenc", containers: ["mp4"] },
];

const made = new Map<string, Promise<{ readonly path: string; readonly tools: Tools }>>();

async function make(row: (typeof ROWS)[number], container: Container) {
  const tools = await toolsFor(row.emulated ?? "real");
  const workDir = await mkdtemp(join(folder, "run-"));
  const options = { workDir, container, segmentSeconds: 0.3, threads: 1, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const result = await runLocally(tools, source, parseEncodeParams(row.params), options);
  expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
  expect(result.check.checks.find(({ name }) => name === "colour")?.detail).toContain("HDR10 metadata");
  expect(result.segments.length).toBeGreaterThanOrEqual(2);
  return { path: result.outputPath, tools };
}

function outputOfRow(row: (typeof ROWS)[number], container: Container) {
  const key = `${row.params} ${container}`;
  const making = made.get(key) ?? make(row, container);
  made.set(key, making);
  return making;
}

/** What ffprobe's decoder says of each key frame. */
async function keyFrames({ ffprobe }: Tools, path: string) {
  const text = await outputOf(ffprobe, [
    ...["-v", "error", "-select_streams", "v:0", "-show_frames", "-of", "json", path],
  ]);
  const { frames } = JSON.parse(text) as { frames: { key_frame: number; side_data_list?: SideData[] }[] };
  return frames.filter((frame) => frame.key_frame === 1).map((frame) => readHdr(frame.side_data_list ?? []));
}

/** By ffmpeg's own reader of the bitstream, which knows the messages in H.264 too. */
async function tracedLuminances({ ffmpeg }: Tools, path: string) {
  const args = ["-nostdin", "-i", path, "-map", "0:v", "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"];
  const child = Bun.spawn([ffmpeg, ...args], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: TIMEOUT_MS,
  });
  const [trace, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  expect(exitCode).toBe(0);
  return {
    display: trace.match(/max_display_mastering_luminance .*= 10000000$/gm)?.length ?? 0,
    light: trace.match(/max_content_light_level .*= 1000$/gm)?.length ?? 0,
  };
}

for (const row of ROWS) {
  const title = `${row.emulated === undefined ? "" : "emulated "}${row.params.split(" ")[1]}`;
  for (const container of row.containers) {
    test(
      `${title} → ${container}`,
      async () => {
        const { path, tools } = await outputOfRow(row, container);
        if (row.params.includes("264")) {
          const { display, light } = await tracedLuminances(tools, path);
          expect(Math.min(display, light)).toBeGreaterThanOrEqual(2);
          return;
        }
        const told = await keyFrames(tools, path);
        expect(told.length).toBeGreaterThanOrEqual(2);
        for (const hdr of told) expect(hdr).toEqual(HDR10_METADATA);
      },
      TIMEOUT_MS,
    );
  }
  testWithProgram(
    MEDIAINFO,
    `mediainfo sees it in ${title}`,
    async (mediainfo) => {
      for (const container of row.containers) {
        const { path } = await outputOfRow(row, container);
        const seen = await outputOf(mediainfo, [
          "--Inform=Video;%HDR_Format%|%MasteringDisplay_Luminance%|%MaxCLL%|%MaxFALL%",
          path,
        ]);
        expect(seen.trim()).toBe("SMPTE ST 2086|min: 0.0050 cd/m2, max: 1000 cd/m2|1000 cd/m2|400 cd/m2");
      }
    },
    TIMEOUT_MS,
  );
}
