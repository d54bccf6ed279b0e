// Every option and value that a translation can write, held against the encoder's own table: `ffmpeg -h encoder=…`,
// which needs no device, or the recorded table of an encoder that this ffmpeg lacks.
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { findTools } from "../../ffmpeg/tools.ts";
import type { SourceVideo } from "../../model/source.ts";
import { videoEncoderArgs } from "../args/video-args.ts";
import { parseEncodeParams } from "../parse/parse-params.ts";
import { VIDEO_ENCODERS } from "../tables/encoders.ts";
import { SPEEDS } from "../tables/neutral-codecs.ts";
import { type EncoderTable, type OptionTable, RECORDED_TABLES } from "./recorded-tables.fixture.ts";
import { candidatesFor, translateRequest } from "./translate.ts";

setDefaultTimeout(180_000);

/** AVCodecContext's own options, which the tables of single encoders do not list (ffmpeg-codecs, "Codec Options"). */
const CONTEXT: Readonly<Record<string, OptionTable>> = {
  "b:v": { min: 0, max: 1e12 },
  minrate: { min: 0, max: 2_147_483_647 },
  maxrate: { min: 0, max: 2_147_483_647 },
  bufsize: { min: 0, max: 2_147_483_647 },
  "q:v": { min: 1, max: 100 },
  global_quality: { min: 1, max: 255 },
  compression_level: { min: 0, max: 7 },
  g: { min: 0, max: 2_147_483_647 },
  bf: { min: 0, max: 16 },
  flags: ["+cgop"],
};
/** Libraries read these words themselves; -h says "string". */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  preset: SPEEDS,
  tune: ["film", "animation", "grain", "stillimage", "psnr", "ssim", "fastdecode", "zerolatency"],
  profile: ["baseline", "main", "high", "main10"],
};

interface Range {
  readonly min: number;
  readonly max: number;
}
/** Values that have names may be given as numbers too. */
type Table = EncoderTable & { readonly ranges?: Readonly<Record<string, Range>> };

/** Reads the text of `ffmpeg -h encoder=…`. */
function parseHelp(text: string): Table {
  const options: Record<string, OptionTable> = {};
  const ranges: Record<string, Range> = {};
  let values: string[] = [];
  for (const line of text.split("\n")) {
    const option = /^ {2}-(\S+)\s+<(\w+)>.*?E..V/.exec(line);
    if (option) {
      const [, name = "", type] = option;
      const range = /\(from (\S+) to (\S+)\)/.exec(line);
      const bound = (word: string | undefined, otherwise: number) =>
        word === undefined || /INT|MAX|MIN/.test(word) ? otherwise : Number(word);
      values = [];
      if (type === "boolean") options[name] = "boolean";
      else if (range) options[name] = ranges[name] = { min: bound(range[1], -1e12), max: bound(range[2], 1e12) };
      else options[name] = WORDS[name] ?? ["a string"];
      continue;
    }
    const value = /^ {5}(\S+)\s.*E..V/.exec(line);
    const last = Object.keys(options).at(-1);
    if (!value || last === undefined) continue;
    values = [...values, value[1] ?? ""];
    options[last] = values;
  }
  const formats = /Supported pixel formats: (.*)/.exec(text)?.[1] ?? "";
  return { source: "this ffmpeg", pixelFormats: formats.trim().split(/\s+/), options, ranges };
}

const tables = new Map<string, Table>();

beforeAll(async () => {
  const { ffmpeg } = await findTools(process.env);
  for (const { name } of VIDEO_ENCODERS.values()) {
    const help = Bun.spawnSync([ffmpeg, "-hide_banner", "-h", `encoder=${name}`], { stderr: "pipe" });
    const text = help.stdout.toString();
    const table = text.includes("AVOptions") ? parseHelp(text) : RECORDED_TABLES[name];
    if (table !== undefined) tables.set(name, table);
  }
});

function problemWith(table: Table, name: string, value: string): string | null {
  if (name === "pix_fmt") {
    return table.pixelFormats.includes(value) ? null : `pixel format ${value} is not among ${table.pixelFormats}`;
  }
  const known = table.options[name.replace(/:v$/, "")] ?? CONTEXT[name];
  if (known === undefined) return `no option -${name}`;
  if (known === "boolean") return /^[01]$/.test(value) ? null : `-${name} ${value} is not a boolean`;
  if ("min" in known) {
    const number = Number(value);
    return number >= known.min && number <= known.max ? null : `-${name} ${value} is not within its range`;
  }
  const range = table.ranges?.[name];
  const isNumber = range !== undefined && Number(value) >= range.min && Number(value) <= range.max;
  return known.includes(value) || isNumber ? null : `-${name} ${value} is not one of ${known.join(" ")}`;
}

const SOURCE: SourceVideo = {
  streamIndex: 0,
  codec: "h264",
  profile: null,
  width: 1280,
  height: 720,
  pixelFormat: "yuv420p",
  timeBase: { num: 1, den: 25 },
  realFrameRate: null,
  averageFrameRate: null,
  sampleAspectRatio: null,
  fieldOrder: null,
  rotationDegrees: 0,
  hasAlpha: false,
  colour: { range: null, space: null, transfer: null, primaries: null, chromaLocation: null },
};

/** Every mapped value at least once: each speed, each tune, the ends of each scale, each kind of rate. */
function requestsFor(codec: string): string[] {
  const tunes = ["film", "animation", "grain", "psnr", "ssim", "fastdecode", "zerolatency"];
  return [
    ...SPEEDS.map((speed) => `-speed ${speed}`),
    ...["-crf 0", "-crf 51", "-crf 23.5", "-quality 0", "-quality 100", "-bf 3 -g 48", "-crf 20 -maxrate 5M"],
    ...["-b:v 3M", "-b:v 3M -maxrate 4M -bufsize 6M", "-b:v 3M -minrate 3M -maxrate 3M -bufsize 3M"],
    ...tunes.map((tune) => `-tune ${tune}`),
    ...(codec === "h264" ? ["baseline", "main", "high"] : codec === "hevc" ? ["main", "main10"] : []).map(
      (profile) => `-profile:v ${profile}`,
    ),
    ...(codec === "h264" ? [] : ["-pix_fmt yuv420p10le"]),
  ].map((options) => `-c:v ${codec} ${options}`);
}

test("every option and value exists in the encoder's own table", () => {
  const problems = new Set<string>();
  const seen = new Set<string>();
  let checked = 0;
  for (const codec of ["h264", "hevc", "av1", "vp9"]) {
    for (const params of requestsFor(codec)) {
      const request = parseEncodeParams(params);
      for (const { encoder } of candidatesFor(request, SOURCE, null).candidates) {
        const table = tables.get(encoder);
        if (table === undefined) throw new Error(`there is no table of ${encoder}`);
        seen.add(encoder);
        const args = videoEncoderArgs(translateRequest(request, encoder, SOURCE).request, { source: SOURCE });
        for (let i = 2; i < args.length; i += 2) {
          const name = (args[i] ?? "").slice(1);
          if (/^(x26[45]|svtav1|aom)-params$/.test(name)) continue; // the libraries' own, checked by filters' test
          checked += 1;
          const problem = problemWith(table, name, args[i + 1] ?? "");
          if (problem !== null) problems.add(`${encoder}: ${problem} (${table.source}; ${params})`);
        }
      }
    }
  }
  expect([...problems]).toEqual([]);
  expect(seen.size).toBe(21);
  expect(checked).toBeGreaterThan(2000);
});

test("the check bites: an option and a value that do not exist are found", () => {
  const table = tables.get("h264_nvenc");
  if (table === undefined) throw new Error("there is no table of h264_nvenc");
  expect(problemWith(table, "forced_idr", "1")).toBe("no option -forced_idr");
  expect(problemWith(table, "preset", "p9")).toContain("p9 is not one of");
  expect(problemWith(table, "cq", "60")).toContain("not within its range");
  expect(problemWith(table, "pix_fmt", "yuv422p")).toContain("pixel format yuv422p");
});
