// Encodes the first picture of a source with the request's own filters and encoder before a job is accepted: what
// ffmpeg refuses is reported at once and in its words, instead of by one client after another.
import { AppError } from "../../base/errors.ts";
import { formatRational, type Rational } from "../../base/rational.ts";
import { stateRange } from "../colour/range-path.ts";
import { decoderFor } from "../ffmpeg/codecs.ts";
import { type EncoderPicture, encoderPictureIn, SHOWS_STREAMS } from "../ffmpeg/encoder-picture.ts";
import { complexGraph, type FilterText, type GraphText, writeFilter, writeGraph } from "../ffmpeg/filter-graph.ts";
import { demuxerName, isMp4 } from "../ffmpeg/formats.ts";
import { runTool, type ToolResult } from "../ffmpeg/run-tool.ts";
import { BOUNDED_MEMORY, fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest, NamedOption } from "../model/encode-request.ts";
import type { DecodedPicture, SourceInfo } from "../model/source.ts";
import { inOneRun, textDrawers } from "../request/args/split-mode.ts";
import { filterChain, renderedChain, videoEncoderArgs } from "../request/args/video-args.ts";
import { findVideoEncoder } from "../request/tables/encoders.ts";
import { decodedPictureIn } from "./decoded-picture.ts";
import { showsNothing } from "./shown-packets.ts";
import { hintFor, isOfThisBuild, reasonIn } from "./trial-words.ts";

/** A slower trial is left to the clients: a first picture that takes long can still be made. */
const TIMEOUT_MS = 10_000;

export interface Trial {
  readonly path: string;
  readonly info: SourceInfo;
  /** For the encoder that represents the job's. */
  readonly request: EncodeRequest;
  readonly encoderTimeBase: Rational;
}

/**
 * `decoded`: only decodes the picture. `filtered`: also runs the request's filters. `encoded`: also runs its encoder,
 * with `quick` at the encoder's fastest setting, and also says what was decoded. `unedited`: only decodes the picture, of an MP4 without its edit list.
 */
type Step = "decoded" | "unedited" | "filtered" | "encoded" | "quick";

/** Drawing text needs fonts that the server may lack, and changes neither size nor format. */
function chainOf({ info, request }: Trial): readonly FilterText[] {
  const drawers: readonly string[] = textDrawers(request);
  const filters = request.filters.filter(({ name }) => !drawers.includes(name));
  const own = inOneRun({ ...request, filters });
  const { before, calls, after } = stateRange(info.video, own, filterChain(own));
  return [...before, ...renderedChain(own, calls), ...after];
}

/** Encoders with a speed option: a picture of 1920x1080 then takes 0.2 to 0.4 s of processor time, libaom's 1.1 s. */
const QUICKEST: Readonly<Record<string, readonly NamedOption[]>> = {
  "libaom-av1": [
    ["cpu-used", "8"],
    ["usage", "realtime"],
  ],
  libvpx: [
    ["cpu-used", "8"],
    ["deadline", "realtime"],
  ],
  "libvpx-vp9": [
    ["cpu-used", "8"],
    ["deadline", "realtime"],
  ],
};
const QUICKEST_PRESET: Readonly<Record<string, string>> = {
  libx264: "ultrafast",
  libx265: "ultrafast",
  libsvtav1: "12",
};

function quickly(request: EncodeRequest): EncodeRequest {
  const { video } = request;
  const preset = QUICKEST_PRESET[video.encoder] ?? video.preset;
  const quickest = QUICKEST[video.encoder] ?? [];
  const set = new Set(quickest.map(([name]) => name));
  const privateOptions = [...video.privateOptions.filter(([name]) => !set.has(name)), ...quickest];
  return { ...request, video: { ...video, preset, privateOptions } };
}

/** With `-r` a picture lasts a tick of the rate; by its own, shorter length it would last none, which libvpx refuses. */
function syncArgs({ video }: EncodeRequest): string[] {
  return video.frameRate === null ? ["-fps_mode", "passthrough"] : ["-r", video.frameRate, "-fps_mode", "cfr"];
}

/** The picture behind the filters, "[v]"; with `quick` also as it was decoded, "[decoded]". */
function graphOf(trial: Trial, step: Step): GraphText {
  const from = `0:${trial.info.video.streamIndex}`;
  const filters = step === "decoded" || step === "unedited" ? [] : chainOf(trial);
  if (step !== "quick") return writeGraph([{ from: [from], filters, to: ["v"] }]);
  const split = { from: [from], filters: [writeFilter("split")], to: ["decoded", "behind"] };
  return writeGraph([split, { from: ["behind"], filters, to: ["v"] }]);
}

/** Tags of the source would be printed before what is looked for, and may be long. */
const NO_TAGS = ["-map_metadata", "-1", "-map_chapters", "-1"];

/** The muxer crc ends with one line for all that came; with framecrc, the lines of two outputs could not be told apart. */
function outputArgs(step: Step): string[] {
  if (step !== "quick") return ["-frames:v", "1", "-f", "framecrc", "pipe:1"];
  return [
    ...[...NO_TAGS, "-frames:v", "1", "-f", "crc", "pipe:1"],
    ...["-map", "[decoded]", ...NO_TAGS, "-c:v", "rawvideo", "-fps_mode", "passthrough"],
    ...["-frames:v", "1", "-f", "framehash", "-hash", "md5", "pipe:1"],
  ];
}

/** Whether a picture came. The checksum of nothing is 1 (Adler-32); comments begin with "#". */
function cameIn(stdout: string, step: Step): boolean {
  if (step === "quick") return /^CRC=0x(?!00000001$)[0-9a-f]{8}$/m.test(stdout);
  return stdout.split("\n").some((line) => line.trim() !== "" && !line.startsWith("#"));
}

/** Arguments of ffmpeg; `cameIn` reads what it writes to stdout. */
export function trialArgs(trial: Trial, step: Step): string[] {
  const { path, info, request, encoderTimeBase } = trial;
  const { streamIndex } = info.video;
  const decoder = decoderFor(info.video, request.video.encoder);
  return [
    ...[
      ...(step === "quick" ? ["-hide_banner", "-nostdin", ...SHOWS_STREAMS] : QUIET),
      ...BOUNDED_MEMORY,
      ...inputGuards({ formats: info.formatName, kind: "file" }),
      "-f",
      demuxerName(info.formatName),
      ...(step === "unedited" ? ["-ignore_editlist", "1"] : []),
    ],
    ...[...(decoder === null ? [] : [`-c:${streamIndex}`, decoder]), "-threads", "1", "-i", fileUrl(path)],
    ...[...complexGraph(graphOf(trial, step)), "-map", "[v]"],
    ...(step === "encoded" || step === "quick"
      ? [
          ...videoEncoderArgs(step === "quick" ? quickly(request) : request, { source: info.video, threads: 1 }),
          ...["-enc_time_base", formatRational(encoderTimeBase), ...syncArgs(request)],
        ]
      : ["-c:v", "rawvideo", "-fps_mode", "passthrough"]),
    ...outputArgs(step),
  ];
}

interface Outcome {
  /** "late": the trial did not finish in time. */
  readonly came: "picture" | "nothing" | "late";
  readonly failed: boolean;
  readonly stderr: string;
  /** Of the step `quick`; null: not known. */
  readonly decoded: DecodedPicture | null;
}

async function run(tools: Tools, trial: Trial, step: Step, signal?: AbortSignal): Promise<Outcome> {
  const result: ToolResult = await runTool({
    tools,
    program: "ffmpeg",
    reads: [trial.path],
    writes: [],
    args: trialArgs(trial, step),
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "the trial was stopped", "Submit the job again.");
  const came = cameIn(result.stdout, step) ? "picture" : result.ended === "exit" ? "nothing" : "late";
  const decoded = step === "quick" ? decodedPictureIn(result, 1, trial.info.video) : null;
  return { came, failed: result.exitCode !== 0, stderr: result.stderrTail, decoded };
}

async function withoutPicture(tools: Tools, trial: Trial, stderr: string, signal?: AbortSignal) {
  const { path, info } = trial;
  const isFilm = isMp4(info.formatName);
  if (await showsNothing(tools, path, info, signal))
    return hiddenPictures(info, isFilm ? "its edit list hides all of them" : "the file holds none of it");
  // ffmpeg begins an edit at the sync sample before it, which may be no key picture at all.
  const { came } = isFilm ? await run(tools, trial, "unedited", signal) : { came: "nothing" };
  return came === "picture"
    ? hiddenPictures(info, "its edit list leaves out the key picture that those it shows are made from")
    : undecodable(path, stderr);
}

function hiddenPictures({ video }: SourceInfo, why: string): AppError {
  return new AppError(
    "E_SOURCE_REFUSED",
    `its video (stream ${video.streamIndex}) shows no picture: ${why}`,
    "Plain ffmpeg gives no picture either; `ffmpeg -ignore_editlist 1 -i FILE -c copy whole.mp4` brings hidden ones back.",
  );
}

function undecodable(path: string, stderr: string): AppError {
  return new AppError(
    "E_SOURCE_REFUSED",
    `no picture of ${path} can be decoded (ffmpeg: ${reasonIn(stderr)})`,
    "It may be encrypted (DRM) or damaged, or need a newer ffmpeg; plain ffmpeg gives no picture either.",
  );
}

function refused({ request, info }: Trial, step: Step, stderr: string): AppError {
  const reason = reasonIn(stderr, info.formatName);
  const { width, height } = info.video;
  if (step === "filtered") {
    return new AppError(
      "E_ENCODE_REQUEST",
      `the filters refuse the source's first picture: ${reason}`,
      `Change the filter that is named; the source's pictures are ${width}x${height}.`,
    );
  }
  const message = `${request.video.encoder} refuses the source's first picture: ${reason.replace(/^\[[\w-]+\] /, "")}`;
  return new AppError("E_ENCODE_REQUEST", message, hintFor(reason, request.video.size !== null));
}

/** Only clients can try hardware encoders. */
function isForServer({ request }: Trial): boolean {
  return findVideoEncoder("-c:v", request.video.encoder).family === "software";
}

/** What the trial saw of the first picture. */
export interface SeenPicture {
  /** What the encoder was given; null: this machine can't tell. */
  readonly encoded: EncoderPicture | null;
  /** What ffmpeg's own choice of a decoder gave; null: it was not tried, or another decoder was asked for. */
  readonly decoded: DecodedPicture | null;
}

const UNSEEN: SeenPicture = { encoded: null, decoded: null };

function seenIn({ info, request }: Trial, { stderr, decoded }: Outcome): SeenPicture {
  const isOwnChoice = decoderFor(info.video, request.video.encoder) === null;
  return { encoded: encoderPictureIn(stderr), decoded: isOwnChoice ? decoded : null };
}

/**
 * Tries it. Errors: E_SOURCE_REFUSED when the
 * source yields no picture, E_ENCODE_REQUEST when the request's filters or encoder refuse its picture.
 */
export async function requireFirstPicture(tools: Tools, trial: Trial, signal?: AbortSignal): Promise<SeenPicture> {
  const hasEncoder = isForServer(trial);
  const quick = hasEncoder ? await run(tools, trial, "quick", signal) : null;
  if (quick !== null && quick.came !== "nothing") return seenIn(trial, quick);
  const encoded = hasEncoder ? await run(tools, trial, "encoded", signal) : null;
  if (encoded !== null && encoded.came !== "nothing") return UNSEEN;
  const filtered = await run(tools, trial, "filtered", signal);
  if (filtered.came === "late") return UNSEEN;
  if (filtered.came === "picture") {
    if (encoded?.failed === true) requireOwnFault(trial, "encoded", encoded.stderr);
    return UNSEEN;
  }
  const decoded = await run(tools, trial, "decoded", signal);
  if (decoded.came === "nothing") throw await withoutPicture(tools, trial, decoded.stderr, signal);
  // Filters may drop the picture: that alone is no failure.
  if (decoded.came === "picture" && filtered.failed) requireOwnFault(trial, "filtered", filtered.stderr);
  return UNSEEN;
}

/** Errors: E_ENCODE_REQUEST, unless another build of ffmpeg may do better. */
function requireOwnFault(trial: Trial, step: Step, stderr: string): void {
  if (stderr.trim() !== "" && !isOfThisBuild(stderr)) throw refused(trial, step, stderr);
}
