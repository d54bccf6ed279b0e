// Tries before the stitch whether the streams to be copied can be: damaged sound can't always be rewritten for another
// container. Sound that can't be copied is encoded instead unless the request demands a copy, which is then refused.
import { devNull } from "node:os";
import { AppError } from "../../base/errors.ts";
import { demuxerName } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import type { PlannedStream, StreamPlan } from "../plan/stream-plan.ts";
import { CONTAINERS } from "../request/tables/containers.ts";
import { audioOfTrack } from "../request/values/audio-tracks.ts";

/** Sound that can't be copied as planned. */
export interface Uncopied {
  /** Source indexes of streams that are encoded instead. */
  readonly indexes: readonly number[];
  /** The reasons, for the proof. */
  readonly notes: readonly string[];
}

const NONE: Uncopied = { indexes: [], notes: [] };

/** Containers whose packets are copied unchanged; those of the others are parsed or rewritten. */
const HANDED_ON: ReadonlySet<string> = new Set(["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "ogg", "nut"]);

function copied(plan: StreamPlan): PlannedStream[] {
  return plan.streams.filter(
    ({ source, action }) => action.kind === "copy" && (source.type === "audio" || source.type === "subtitle"),
  );
}

/** Whether a copy may fail although the codecs allow it. */
export function mustTryCopies(info: SourceInfo, plan: StreamPlan): boolean {
  const isRewritten = plan.container === "ts" || !HANDED_ON.has(info.formatName);
  return isRewritten && copied(plan).length > 0;
}

/** Sound that the request leaves to us is encoded where it can't be copied. */
function mayBeEncoded({ source, number }: PlannedStream, request: EncodeRequest): boolean {
  return source.type === "audio" && audioOfTrack(request, number).mode === "auto";
}

/** Whether the job is refused where a copy fails. */
export function demandsCopies(request: EncodeRequest, plan: StreamPlan): boolean {
  return copied(plan).some((stream) => !mayBeEncoded(stream, request));
}

/** Runs a muxer on these streams of the source and discards the result. `input` is a `file:` URL. */
export function copyTrialArgs(info: SourceInfo, container: Container, indexes: readonly number[], input: string) {
  return [
    ...QUIET,
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    ...["-f", demuxerName(info.formatName), "-i", input],
    ...indexes.flatMap((index) => ["-map", `0:${index}`]),
    ...["-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "-strict", "-2"],
    ...["-max_interleave_delta", "0", "-f", CONTAINERS[container].muxer, "-y", devNull],
  ];
}

/** ffmpeg's last words where the streams can't be copied; null: they can. */
async function refusal(
  tools: Tools,
  source: { readonly path: string; readonly info: SourceInfo },
  container: Container,
  indexes: readonly number[],
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [source.path],
    writes: [],
    args: copyTrialArgs(source.info, container, indexes, fileUrl(source.path)),
    signal,
  });
  if (result.ended !== "exit")
    throw new AppError("E_INTERRUPTED", "trying to copy the sound was stopped", "Submit the job again.");
  return result.exitCode === 0 ? null : lastWords(result.stderrTail);
}

function cannotBeCopied({ source }: PlannedStream, container: Container, why: string): AppError {
  const hint =
    source.type === "audio"
      ? `Without -c:a copy, or with -c:a ${CONTAINERS[container].audioDefault.encoder}, what can be decoded of it is encoded.`
      : `Leave it out with -map -0:${source.index}, or take another container.`;
  const what = `${source.type} stream ${source.index} (${source.codec}) can't be copied into ${container}`;
  return new AppError("E_STITCH", `${what}: ${why}`, hint);
}

/**
 * Reads the source once, where a copy may fail. Errors: E_STITCH for a stream that can't be copied and that the request
 * wants as it is, E_INTERRUPTED.
 */
export async function tryCopies(
  tools: Tools,
  source: { readonly path: string; readonly info: SourceInfo },
  request: EncodeRequest,
  plan: StreamPlan,
  signal?: AbortSignal,
): Promise<Uncopied> {
  if (!mustTryCopies(source.info, plan)) return NONE;
  const tried = copied(plan);
  const attempt = (streams: readonly PlannedStream[]) =>
    refusal(
      tools,
      source,
      plan.container,
      streams.map((stream) => stream.source.index),
      signal,
    );
  if ((await attempt(tried)) === null) return NONE;
  const indexes: number[] = [];
  const notes: string[] = [];
  for (const stream of tried) {
    const why = await attempt([stream]);
    if (why === null) continue;
    if (!mayBeEncoded(stream, request)) throw cannotBeCopied(stream, plan.container, why);
    const { index, codec } = stream.source;
    indexes.push(index);
    notes.push(`audio stream ${index} (${codec}) is encoded, since it can't be copied into ${plan.container}: ${why}`);
  }
  return { indexes, notes };
}
