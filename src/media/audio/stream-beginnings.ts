// Reads the first packets of a file's streams: where each stream really begins, including priming.
import { MICROSECONDS, parseRational, type Rational, rescale } from "../../base/rational.ts";
import { probeCompact } from "../ffmpeg/compact-lines.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";

/** Enough to meet every stream of an interleaved file; a stream that begins later cannot be the earliest. */
const FIRST_PACKETS = 400;

/**
 * Earliest PTS of each stream, priming included, microseconds by stream index; absent: no packet among the first. `hidden`:
 * streams of which an edit list hides every packet among the first.
 */
export type Beginnings = ReadonlyMap<number, number> & { readonly hidden?: ReadonlySet<number> };

export async function streamBeginnings(
  tools: Tools,
  path: string,
  formats: string,
  signal?: AbortSignal,
): Promise<Beginnings> {
  const timeBases = new Map<number, Rational>();
  const ticks = new Map<number, number>();
  const [hidden, heard] = [new Set<number>(), new Set<number>()];
  const question = {
    path,
    formats,
    args: [
      ...["-read_intervals", `%+#${FIRST_PACKETS}`],
      ...["-show_entries", "packet=stream_index,pts,flags:stream=index,time_base"],
    ],
  };
  const onSection = (fields: ReadonlyMap<string, string>) => {
    if (fields.has("packet")) {
      const stream = Number(fields.get("stream_index"));
      const pts = Number(fields.get("pts"));
      (fields.get("flags")?.includes("D") === true ? hidden : heard).add(stream);
      if (!Number.isNaN(pts)) ticks.set(stream, Math.min(ticks.get(stream) ?? Number.POSITIVE_INFINITY, pts));
    } else if (fields.has("stream")) {
      const timeBase = parseRational(fields.get("time_base") ?? "");
      if (timeBase !== null) timeBases.set(Number(fields.get("index")), timeBase);
    }
  };
  await probeCompact(tools, question, onSection, signal);
  const beginnings = new Map<number, number>();
  for (const [stream, pts] of ticks) {
    const timeBase = timeBases.get(stream);
    if (timeBase !== undefined) beginnings.set(stream, rescale(pts, timeBase, MICROSECONDS));
  }
  return Object.assign(beginnings, { hidden: hidden.difference(heard) });
}

/** Demuxers of the files that `encodeAudio` makes. */
export const AUDIO_FILE_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,nut";

/** When each audio stream of the plan begins, in source microseconds; undefined where unknown. */
export async function audioBeginnings(
  tools: Tools,
  plan: StreamPlan,
  files: {
    readonly info: SourceInfo;
    readonly audioPaths: readonly string[];
    /** Of the source's streams. */
    readonly beginnings: () => Promise<Beginnings>;
  },
  signal?: AbortSignal,
): Promise<(number | undefined)[]> {
  const { info, audioPaths } = files;
  const source = await files.beginnings();
  const encoded: (number | undefined)[] = [];
  for (const path of audioPaths)
    encoded.push((await streamBeginnings(tools, path, AUDIO_FILE_DEMUXERS, signal)).get(0));
  return plan.streams
    .filter((stream) => stream.source.type === "audio")
    .map(({ source: stream, action }) => {
      if (action.kind !== "encode-audio") return source.get(stream.index);
      const beginning = encoded[action.file];
      return beginning === undefined ? undefined : beginning + info.startMicroseconds;
    });
}
