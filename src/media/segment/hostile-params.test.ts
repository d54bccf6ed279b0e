// Lines that people with bad intentions may send as ffmpeg's options. Each is refused with a hint before any work, or what
// becomes of it names nothing but options and filters of the lists, and no file, address or device.
import { describe, expect, test } from "bun:test";
import corpus from "../../../test/fixtures/hostile-params.json";
import { offList } from "../../../test/support/read-graph.ts";
import { AppError } from "../../base/errors.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SegmentTask } from "../model/segment.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { requireBoundedPictures } from "../request/args/picture-bounds.ts";
import { renderFilters } from "../request/filters/render-filters.ts";
import { checkEncodeRequest } from "../request/parse/check-request.ts";
import { formatEncodeWords } from "../request/parse/format-words.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { segmentArgs } from "./segment-args.ts";

/** Made here, since they are long. */
const LONG = [
  `-vf ${"hflip,".repeat(50)}hflip`,
  `-vf ${"hflip,".repeat(3000)}hflip`,
  " ".repeat(20_001),
  "x".repeat(20_001),
  `-vf drawtext=text=${"a".repeat(1001)}`,
  `-vf scale=w=${"(".repeat(5000)}`,
  `-vf '${"[".repeat(5000)}'`,
  `-vf "${"\\\\".repeat(3000)}"`,
  `-metadata k=${"v".repeat(19_000)}`,
  `-x264-params ref=${"1".repeat(201)}`,
  "-c:a:0 aac ".repeat(30),
];

/** Options of every release that read or write files, open devices or addresses, or load programs. */
const FORBIDDEN = new Set(
  (
    "i attach dump_attachment vstats vstats_file report passlogfile pass stats stats_file stats_enc_pre stats_enc_post " +
    "stats_mux_pre progress filter_script filter_complex filter_complex_script lavfi vpre apre spre fpre pre sdp_file bsf " +
    "init_hw_device filter_hw_device hwaccel hwaccel_device vaapi_device qsv_device protocol_whitelist format_whitelist " +
    "print_graphs_file load_plugin load_plugins gpu dec y n"
  ).split(" "),
);
/** Keys of the encoders' own parameters that do. */
const FORBIDDEN_KEYS =
  /file|stats|path|table|csv|recon|save|load|info$|rpu|plugin|opencl|clbin|log|dump|input|output|config|pools|threads|pass/;
const SAFE_KEYS = new Set(["slow-firstpass", "lossless", "timing-info", "vui-timing-info", "vui-hrd-info", "info"]);
/** No slash, no quote, no space; a slash only in a fraction. */
const PLAIN = /^[\w.,:+\-=|()?;]*$|^\d+\/\d+$|^\[\w+\]$/;
/** What moves a cursor, changes a colour or turns the direction of writing. */
const MOVES = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const FREE_TEXT = new Set(["metadata", "filter", "vf"]);
const FLAGS = new Set(["an", "sn"]);

const SOURCE = { width: 1920, height: 1080, averageFrameRate: { num: 25, den: 1 } };
const IO = {
  input: "http://127.0.0.1:9/x/source",
  output: "file:/w/s.nut",
  seamFile: "file:/w/s.txt",
  countFile: "file:/w/c.txt",
} as const;

function taskOf(request: EncodeRequest): SegmentTask {
  return {
    streamIndex: 0,
    formatName: "matroska,webm",
    timeBase: { num: 1, den: 1000 },
    startPts: 0,
    endPts: 4000,
    clockOffsetUs: 0,
    seekPts: null,
    cut: null,
    expectedFrames: 100,
    spreadsPts: false,
    encoderTimeBase: { num: 1, den: 1000 },
    picture: { width: 1920, height: 1080, pixelFormat: "yuv420p", sampleAspectRatio: "1:1" },
    request,
    video: { ...EIGHT_BITS, ...SOURCE, realFrameRate: SOURCE.averageFrameRate },
    byteRange: null,
  };
}

/** What a request would have ffmpeg do beside its own work; empty: nothing. */
function harmOf(request: EncodeRequest): string[] {
  const harm: string[] = [];
  const words = formatEncodeWords(request);
  for (let at = 0; at < words.length; at += 1) {
    const option = words[at] ?? "";
    const name = option.replace(/^-/, "").replace(/:.*$/, "");
    if (!/^-[A-Za-z]/.test(option) || FORBIDDEN.has(name)) harm.push(option);
    if (FLAGS.has(name)) continue;
    const value = words[++at] ?? "";
    if (/\p{Cc}/u.test(value) || !(FREE_TEXT.has(name) || PLAIN.test(value))) harm.push(`${option} ${value}`);
  }
  for (const [key] of request.video.encoderParams) {
    if (FORBIDDEN_KEYS.test(key) && !SAFE_KEYS.has(key)) harm.push(key);
  }
  const audio = [request.audio, ...(request.audioTracks ?? [])];
  for (const each of audio) if ("filters" in each) harm.push(...offList(renderFilters(each.filters)));
  const args = segmentArgs(taskOf(request), {
    ...IO,
    inputKind: "http",
    threads: 1,
    decodesOnDevice: false,
    device: null,
  });
  const known: readonly string[] = Object.values(IO);
  for (const [at, arg] of args.entries()) {
    if (args[at - 1] === "-filter_complex") harm.push(...offList(arg));
    else if (!known.includes(arg) && !PLAIN.test(arg)) harm.push(arg);
  }
  return harm;
}

/** What becomes of a line: refused before any work, or taken. Anything but a refusal with a hint is thrown. */
function outcomeOf(line: string): "refused" | EncodeRequest {
  try {
    const request = parseEncodeParams(line);
    requireBoundedPictures(SOURCE, request);
    return request;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    expect([line, thrown.code]).toEqual([line, "E_ENCODE_REQUEST"]);
    expect(thrown.hint.length).toBeGreaterThan(5);
    // The message goes to terminals and logs.
    const { length } = thrown.message;
    expect([line.slice(0, 80), MOVES.test(thrown.message + thrown.hint), length < 400]).toEqual([
      line.slice(0, 80),
      false,
      true,
    ]);
    return "refused";
  }
}

describe("hostile lines", () => {
  test("there are enough of them", () => {
    const lines = Object.values(corpus).flatMap(({ refused, harmless }) => [...refused, ...harmless]);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.length).toBeGreaterThan(1000);
  });

  test.each(Object.entries(corpus))("%s", (_kind, { refused, harmless }) => {
    for (const line of refused) {
      const outcome = outcomeOf(line);
      expect([line, outcome === "refused" ? outcome : formatEncodeWords(outcome)]).toEqual([line, "refused"]);
    }
    for (const line of harmless) {
      const outcome = outcomeOf(line);
      if (outcome === "refused") throw new Error(`it is refused now: ${line}`);
      expect([line, harmOf(outcome)]).toEqual([line, []]);
      expect(checkEncodeRequest(JSON.parse(JSON.stringify(outcome)))).toEqual(outcome);
    }
  });

  test("long ones", () => {
    for (const line of LONG) expect([line.slice(0, 60), outcomeOf(line)]).toEqual([line.slice(0, 60), "refused"]);
  });

  test("what would do harm is seen by this test", () => {
    const request = parseEncodeParams("-c:v libx264 -vf scale=64:36 -metadata title=x");
    const hurt = (video: Partial<EncodeRequest["video"]>) =>
      harmOf({ ...request, video: { ...request.video, ...video } });
    expect(hurt({ privateOptions: [["vstats_file", "x"]] })).toContain("-vstats_file");
    expect(hurt({ privateOptions: [["coder", "/tmp/x"]] })).toContain("-coder /tmp/x");
    expect(hurt({ encoderParams: [["stats", "x"]] })).toContain("stats");
    expect(harmOf({ ...request, filters: [{ name: "movie", options: [["filename", "x"]] }] })).toContain("movie");
    const file = [{ name: "drawtext", options: [["textfile", "x"]] }] as const;
    expect(harmOf({ ...request, filters: file })).toContain("drawtext=textfile");
  });
});
