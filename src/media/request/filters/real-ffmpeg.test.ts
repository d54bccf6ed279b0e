// Holds the tables against the ffmpeg that is installed: every key exists, and what is called per-frame is.
import { expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { optionsOf } from "../tables/encoder-options.ts";
import { VIDEO_ENCODERS } from "../tables/encoders.ts";
import { filterEffect } from "./filter-kind.ts";
import { ALLOWED_FILTERS } from "./filter-list.ts";
import { parseFilters } from "./parse-filters.ts";
import { renderFilters } from "./render-filters.ts";

async function ffmpeg(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn(["ffmpeg", "-hide_banner", "-nostdin", "-threads", "1", ...args], {
    stdout: "pipe",
    stderr: "pipe",
    timeout: 20_000,
  });
  const [out, problem, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (status !== 0) throw new Error(`${args.join(" ")}: ${problem.slice(-500)}`);
  return out;
}

/** libswresample's own options, which aresample hands on; `ffmpeg -h filter` does not list them. */
const RESAMPLER = new Set("async first_pts resampler precision dither_method min_hard_comp".split(" "));

/** What ffmpeg says of each filter's options in one run, by the name of the class that has them. */
async function optionTables(): Promise<ReadonlyMap<string, string>> {
  const parts = (await ffmpeg("-h", "full")).split(/^(\S+) AVOptions:$/m);
  return new Map(parts.flatMap((name, at) => (at % 2 === 1 ? [[name, parts[at + 1] ?? ""]] : [])));
}

test("every allowed filter and key exists", async () => {
  const missing: string[] = [];
  const [tables, list] = await Promise.all([optionTables(), ffmpeg("-filters")]);
  for (const spec of ALLOWED_FILTERS.values()) {
    const flags = new RegExp(`^ (\\S+) +${spec.name} `, "m").exec(list)?.[1];
    if (flags === undefined) missing.push(spec.name);
    if (spec.timeline && !flags?.startsWith("T")) missing.push(`${spec.name} enable`);
    const keys = spec.options.flatMap(({ name, aliases }) => [name, ...aliases]);
    const unknown = (help: string) => keys.filter((key) => !new RegExp(`^ +${key} +<`, "m").test(help));
    if (unknown(tables.get(spec.name) ?? "").length === 0) continue;
    // Filters that share their class with others, or have options of a second one.
    for (const key of unknown(await ffmpeg("-h", `filter=${spec.name}`))) {
      if (spec.name !== "aresample" || !RESAMPLER.has(key)) missing.push(`${spec.name}=${key}`);
    }
  }
  expect(missing).toEqual([]);
}, 180_000);

test("every allowed option of the software encoders exists", async () => {
  const full = await ffmpeg("-h", "full");
  const common = full.slice(full.indexOf("AVCodecContext AVOptions:"), full.indexOf("AVFormatContext AVOptions:"));
  const missing: string[] = [];
  for (const encoder of VIDEO_ENCODERS.values()) {
    if (encoder.family !== "software") continue;
    const help = await ffmpeg("-h", `encoder=${encoder.name}`);
    if (!help.includes("AVOptions") && !help.includes("Encoder ")) missing.push(encoder.name);
    for (const name of optionsOf(encoder)) {
      if (!new RegExp(`^ +-${name} +<`, "m").test(`${help}\n${common}`)) missing.push(`${encoder.name} -${name}`);
    }
  }
  expect(missing).toEqual([]);
}, 180_000);

/** Arguments for filters that do nothing, or fail, without. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  format: "=yuv444p",
  noformat: "=yuv420p",
  crop: "=32:32:4:4",
  pad: "=128:96:8:8",
  scale: "=80:-2",
  rotate: "=t",
  hue: "=H=2*PI*t:s=sin(2*PI*t)+1",
  eq: "=contrast=1.2:brightness=t/10:eval=frame",
  drawtext: "=text='%{pts} %{e\\:t*2}':x=t*10",
  drawbox: "=x=4:y=4:w=20:h=20",
  delogo: "=x=4:y=4:w=20:h=20",
  swaprect: "=w=16:h=16:x1=0:y1=0:x2=32:y2=32",
  fade: "=in:st=0.2:d=0.7",
  vignette: "=dither=0",
  geq: "=lum='lum(X,Y)*T'",
  lutyuv: "=y=negval",
  colorspace: "=all=bt709:iall=bt601-6-625",
  colormatrix: "=bt601:bt709",
  tonemap: "=hable",
  curves: "=vintage",
  setfield: "=tff",
  fieldorder: "=tff",
  v360: "=e:flat",
  convolution: "=0m='0 -1 0 -1 5 -1 0 -1 0'",
  dctdnoiz: "=4.5",
  setparams: "=range=tv",
  exposure: "=exposure=0.5",
};
const INPUT_FORMAT: Readonly<Record<string, string>> = { tonemap: "gbrpf32le" };

interface Tried {
  readonly name: string;
  readonly chain: string;
  readonly format: string;
}

const FILTERS_AT_ONCE = 24;

/** Each filter over the whole picture and over its second half, many in one run: the rows of framemd5. */
async function framesOf(
  tried: readonly Tried[],
  folder: string,
): Promise<(readonly [whole: readonly string[], half: readonly string[]])[]> {
  const path = (at: number, first: number) => join(folder, `${tried[at]?.name}-${first}`);
  const outputs = tried.flatMap(({ chain, format }, at) =>
    [0, 6].flatMap((first) => [
      ...["-map", "0:v", "-vf", `format=${format},trim=start_pts=${first},${chain}`],
      ...["-fps_mode", "passthrough", "-f", "framemd5", path(at, first)],
    ]),
  );
  await ffmpeg("-v", "error", "-f", "lavfi", "-i", "testsrc2=s=96x64:r=12:d=1", ...outputs);
  const rows = async (at: number, first: number) =>
    (await readFile(path(at, first), "utf8")).split("\n").filter((line) => /^\d/.test(line));
  return await Promise.all(tried.map(async (_, at) => [await rows(at, 0), await rows(at, 6)] as const));
}

const inOrder = (lines: readonly string[]): readonly string[] => lines.map((line) => line.split(",")[2]?.trim() ?? "");

test("per-frame filters give the same frames when the video begins in its middle", async () => {
  const wrong: string[] = [];
  const tried: Tried[] = [];
  for (const spec of ALLOWED_FILTERS.values()) {
    if (spec.media !== "video" || spec.kind !== "perFrame") continue;
    if (spec.name === "subtitles") continue; // draws a file that the server makes: burn-in.test.ts
    const calls = parseFilters("-vf", `${spec.name}${ARGUMENTS[spec.name] ?? ""}`, "video");
    if (calls.some((call) => filterEffect(call).kind !== "perFrame")) wrong.push(`${spec.name}: not tried`);
    else tried.push({ name: spec.name, chain: renderFilters(calls), format: INPUT_FORMAT[spec.name] ?? "yuv420p" });
  }
  expect(tried.length).toBeGreaterThan(50);
  const expected = Array.from({ length: 12 }, (_, index) => String(index)).join();
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-per-frame-"));
  try {
    for (let from = 0; from < tried.length; from += FILTERS_AT_ONCE) {
      const some = tried.slice(from, from + FILTERS_AT_ONCE);
      for (const [at, [whole, half]] of (await framesOf(some, folder)).entries()) {
        const name = some[at]?.name;
        if (inOrder(whole).join() !== expected) wrong.push(`${name}: times ${inOrder(whole).join()} ${whole[0]}`);
        else if (whole.slice(6).join("\n") !== half.join("\n")) wrong.push(`${name}: frames differ`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  expect(wrong).toEqual([]);
}, 180_000);
