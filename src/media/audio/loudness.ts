// `-loudness`: sound at a loudness of EBU R 128, by ffmpeg's loudnorm in two passes. The first measures the whole track, the
// second applies one gain: loudnorm's linear mode, which keeps dynamics, sample rate and length. It never takes its other
// mode, which would resample: where peaks leave no room for the gain, the track stays quieter.
import { z } from "zod";
import { AppError } from "../../base/errors.ts";
import { demuxerName } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { AudioSettings, FilterCall } from "../model/encode-request.ts";
import type { SourceInfo } from "../model/source.ts";
import { type AudioToEncode, audioToEncode, type PlannedStream, type StreamPlan } from "../plan/stream-plan.ts";
import { renderFilters } from "../request/filters/render-filters.ts";

/** EBU R 128 (2020): the highest true peak, dBTP. */
const MOST_PEAK = -1;

/** LUFS, LU and dBTP. */
export interface Loudness {
  readonly integrated: number;
  readonly range: number;
  readonly peak: number;
  readonly threshold: number;
}

const number = z.string().transform(Number);
const measuredSchema = z
  .object({ input_i: number, input_lra: number, input_tp: number, input_thresh: number })
  .transform(
    ({ input_i, input_lra, input_tp, input_thresh }): Loudness => ({
      integrated: input_i,
      range: input_lra,
      peak: input_tp,
      threshold: input_thresh,
    }),
  );

/** ffmpeg's layouts by the number of channels that -ac asks for. */
const LAYOUTS = ["mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1"];

/** The filters in front of loudnorm: those that were asked for, and the channels that -ac makes, which change the loudness. */
function before({ filters, channels }: AudioSettings): readonly FilterCall[] {
  const layout = channels === null ? undefined : LAYOUTS[channels - 1];
  return layout === undefined ? filters : [...filters, { name: "aformat", options: [["channel_layouts", layout]] }];
}

function hasLoudness({ action }: AudioToEncode): boolean {
  return action.settings.loudness !== undefined;
}

/** The first pass over one track. `input` is a `file:` URL. */
export function measureArgs(info: SourceInfo, { source, action }: AudioToEncode, input: string): string[] {
  const measure: FilterCall = { name: "loudnorm", options: [["print_format", "json"]] };
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-v", "info"],
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    ...["-f", demuxerName(info.formatName), "-i", input, "-map", `0:${source.index}`],
    ...["-filter:a", renderFilters([...before(action.settings), measure]), "-f", "null", "-"],
  ];
}

/** What loudnorm says at its end; several times where the sound changes its layout, of which the loudest counts. */
export function parseLoudness(stderr: string): Loudness | null {
  const found = [...stderr.matchAll(/\{\s*"input_i"[^}]*\}/g)].flatMap(([text]) => {
    const parsed = measuredSchema.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  });
  const [first] = found.toSorted((a, b) => b.integrated - a.integrated);
  return first === undefined ? null : { ...first, peak: Math.max(...found.map(({ peak }) => peak)) };
}

const hundredths = (value: number) => Math.floor(value * 100) / 100;

/** What the track ends at; null: it is silent, and stays so. */
export function reachable(asked: number, { integrated, peak }: Loudness): number | null {
  if (!Number.isFinite(integrated) || !Number.isFinite(peak) || integrated <= -70) return null;
  return hundredths(Math.min(asked, integrated + MOST_PEAK - peak));
}

/**
 * The second pass. In its linear mode loudnorm uses but the difference of the two loudnesses; the other values only choose the
 * mode (af_loudnorm.c, `init`), and are kept within what all releases take.
 */
function applied(target: number, { integrated, range, threshold }: Loudness): FilterCall {
  const within = (value: number, least: number, most: number) => String(Math.min(most, Math.max(least, value)));
  return {
    name: "loudnorm",
    options: [
      ["I", within(target, -70, -5)],
      ["TP", "0"],
      ["LRA", "20"],
      ["measured_I", within(integrated, -70, -0.01)],
      ["measured_TP", within(integrated - target - 0.01, -99, 0)],
      ["measured_LRA", within(range, 0.1, 20)],
      ["measured_thresh", within(threshold, -69.99, -0.01)],
      ["linear", "true"],
    ],
  };
}

export interface SteadySound {
  /** With the gain of each track among its filters. */
  readonly plan: StreamPlan;
  /** For the proof: what each track was, and what it is now. */
  readonly notes: readonly string[];
}

/** Measures every track that is to have a loudness. Errors: E_ENCODE_FAILED, E_INTERRUPTED. */
export async function withLoudness(
  tools: Tools,
  path: string,
  info: SourceInfo,
  plan: StreamPlan,
  signal?: AbortSignal,
): Promise<SteadySound> {
  const gains = new Map<number, readonly FilterCall[]>();
  const notes: string[] = [];
  for (const track of audioToEncode(plan).filter(hasLoudness)) {
    const { settings } = track.action;
    const measured = await measure(tools, path, info, track, signal);
    const target = reachable(settings.loudness ?? 0, measured);
    notes.push(noteOf(track, measured, target));
    if (target !== null) gains.set(track.source.index, [...before(settings), applied(target, measured)]);
  }
  const streams = plan.streams.map((stream) => withFilters(stream, gains.get(stream.source.index)));
  return { plan: gains.size === 0 ? plan : { ...plan, streams }, notes };
}

function withFilters(stream: PlannedStream, filters: readonly FilterCall[] | undefined): PlannedStream {
  const { action } = stream;
  if (filters === undefined || action.kind !== "encode-audio") return stream;
  return { ...stream, action: { ...action, settings: { ...action.settings, filters } } };
}

async function measure(
  tools: Tools,
  path: string,
  info: SourceInfo,
  track: AudioToEncode,
  signal?: AbortSignal,
): Promise<Loudness> {
  const args = measureArgs(info, track, fileUrl(path));
  const result = await runTool({ tools, program: "ffmpeg", reads: [path], writes: [], args, signal });
  if (result.ended !== "exit")
    throw new AppError("E_INTERRUPTED", "measuring the loudness was stopped", "Submit the job again.");
  const measured = result.exitCode === 0 ? parseLoudness(result.stderrTail) : null;
  if (measured !== null) return measured;
  const what = `the loudness of audio stream ${track.source.index} could not be measured`;
  throw new AppError("E_ENCODE_FAILED", `${what}: ${lastWords(result.stderrTail)}`, "Leave out --audio normalize.");
}

function noteOf({ source, action }: AudioToEncode, { integrated, peak }: Loudness, target: number | null): string {
  const track = `audio stream ${source.index}`;
  if (target === null) return `${track} is silent, and stays as loud as it is`;
  const asked = action.settings.loudness ?? target;
  const why = target < hundredths(asked) ? `, since its peaks (${peak} dBTP) leave no room for ${asked}` : "";
  return `${track} was ${integrated} LUFS and is ${target} LUFS now${why}`;
}
