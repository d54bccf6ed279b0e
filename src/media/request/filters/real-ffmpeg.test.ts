// Holds the tables against the ffmpeg that is installed: every key exists, and what is called per-frame is.
import { expect, test } from "bun:test";
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

test("every allowed filter and key exists", async () => {
  const missing: string[] = [];
  for (const spec of ALLOWED_FILTERS.values()) {
    const help = await ffmpeg("-h", `filter=${spec.name}`);
    if (help.includes("Unknown filter")) missing.push(spec.name);
    if (spec.timeline && !help.includes("timeline")) missing.push(`${spec.name} enable`);
    for (const { name, aliases } of spec.options) {
      for (const key of [name, ...aliases]) {
        if (spec.name === "aresample" && RESAMPLER.has(key)) continue;
        if (!new RegExp(`^ +${key} +<`, "m").test(help)) missing.push(`${spec.name}=${key}`);
      }
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

async function frames(filter: string, first: number, format: string): Promise<readonly string[]> {
  const chain = `format=${format},trim=start_pts=${first},${filter}`;
  const out = await ffmpeg(
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    "testsrc2=s=96x64:r=12:d=1",
    "-vf",
    chain,
    "-fps_mode",
    "passthrough",
    "-f",
    "framemd5",
    "-",
  );
  return out.split("\n").filter((line) => /^\d/.test(line));
}

const inOrder = (lines: readonly string[]): readonly string[] => lines.map((line) => line.split(",")[2]?.trim() ?? "");

test("per-frame filters give the same frames when the video begins in its middle", async () => {
  const wrong: string[] = [];
  for (const spec of ALLOWED_FILTERS.values()) {
    if (spec.media !== "video" || spec.kind !== "perFrame") continue;
    if (spec.name === "subtitles") continue; // draws a file that the server makes: burn-in.test.ts
    const calls = parseFilters("-vf", `${spec.name}${ARGUMENTS[spec.name] ?? ""}`, "video");
    const format = INPUT_FORMAT[spec.name] ?? "yuv420p";
    if (calls.some((call) => filterEffect(call).kind !== "perFrame")) {
      wrong.push(`${spec.name}: not tried`);
      continue;
    }
    const text = renderFilters(calls);
    const [whole, half] = await Promise.all([frames(text, 0, format), frames(text, 6, format)]).catch((error) => [
      [String(error)],
      [],
    ]);
    const expected = Array.from({ length: 12 }, (_, index) => String(index)).join();
    if (inOrder(whole ?? []).join() !== expected)
      wrong.push(`${spec.name}: times ${inOrder(whole ?? []).join()} ${whole?.[0]}`);
    else if (whole?.slice(6).join("\n") !== half?.join("\n")) wrong.push(`${spec.name}: frames differ`);
  }
  expect(wrong).toEqual([]);
}, 180_000);
