// Looks for black bars at many places of a source with ffmpeg's cropdetect. It decodes key frames alone, one for each place,
// so a film takes seconds.
import { videoFilters, writeFilter } from "../../ffmpeg/filter-graph.ts";
import { demuxerName } from "../../ffmpeg/formats.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { ANY_ERROR_RATE, BOUNDED_MEMORY, fileUrl, inputGuards, QUIET } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { SourceInfo } from "../../model/source.ts";
import { type CropFinding, decideCrop, type VisibleArea } from "./crop-decision.ts";

const PLACES = 32;
const AT_A_TIME = 2;
/** Fewer key frames than this do not show a film; a short one is then decoded at every place. */
const FEW = 8;
const SHORT_SECONDS = 600;
/** How far behind a place a picture may lie. */
const REACH_SECONDS = 10;
const TIMEOUT_MS = 60_000;

/** What `parseSeen` reads: where each picture is not black, on stdout. */
const LOOK = [
  writeFilter("cropdetect", [
    ["skip", 0],
    ["reset_count", 1],
    ["round", 2],
  ]),
  writeFilter("metadata", [
    ["mode", "print"],
    ["file", "-"],
  ]),
];

interface Source {
  readonly path: string;
  readonly info: SourceInfo;
}

/** `seconds`: from the file's beginning. */
function lookArgs({ path, info }: Source, seconds: number, isKeyOnly: boolean): string[] {
  return [
    ...[...QUIET, ...BOUNDED_MEMORY, ...ANY_ERROR_RATE],
    ...(isKeyOnly ? ["-skip_frame", "nokey", "-noaccurate_seek"] : []),
    ...["-ss", seconds.toFixed(6), "-t", String(REACH_SECONDS)],
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    ...["-f", demuxerName(info.formatName), "-i", fileUrl(path), "-map", `0:${info.video.streamIndex}`],
    ...videoFilters(LOOK),
    ...["-frames:v", "1", "-f", "null", "-"],
  ];
}

interface Seen {
  /** From the place on, seconds; it may lie before it. */
  readonly at: number;
  /** Null: black. */
  readonly area: VisibleArea | null;
}

/** Reads what the filter `metadata` prints of one picture; null: there was none. */
export function parseSeen(stdout: string): Seen | null {
  const at = Number(/^frame:\d+\s+pts:\S+\s+pts_time:(-?[\d.]+)/m.exec(stdout)?.[1]);
  const side = (name: string) => Number(new RegExp(`^lavfi\\.cropdetect\\.${name}=(-?\\d+)$`, "m").exec(stdout)?.[1]);
  const area = { left: side("x1"), right: side("x2"), top: side("y1"), bottom: side("y2") };
  if ([at, ...Object.values(area)].some(Number.isNaN)) return null;
  return { at, area: area.left < area.right && area.top < area.bottom ? area : null };
}

async function look(tools: Tools, source: Source, seconds: number, isKeyOnly: boolean, signal?: AbortSignal) {
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [source.path],
    writes: [],
    args: lookArgs(source, seconds, isKeyOnly),
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  signal?.throwIfAborted();
  return parseSeen(result.stdout);
}

/** The same picture counts once, however many places it is the nearest key frame of. */
async function lookAround(tools: Tools, source: Source, seconds: number, isKeyOnly: boolean, signal?: AbortSignal) {
  const at = (place: number) => (seconds * (place + 0.5)) / PLACES;
  const seen = new Map<number, VisibleArea | null>();
  for (let from = 0; from < PLACES; from += AT_A_TIME) {
    const places = Array.from({ length: AT_A_TIME }, (_, number) => at(from + number));
    const found = await Promise.all(places.map((place) => look(tools, source, place, isKeyOnly, signal)));
    for (const [number, each] of found.entries()) {
      if (each !== null) seen.set(Math.round(((places[number] ?? 0) + each.at) * 100), each.area);
    }
  }
  return [...seen.values()];
}

/** Never throws for a source that can't be looked at: nothing is cut then. */
export async function detectCrop(tools: Tools, source: Source, signal?: AbortSignal): Promise<CropFinding> {
  const { video, durationMicroseconds } = source.info;
  if (durationMicroseconds === null || durationMicroseconds <= 0) {
    return { kind: "uncertain", reason: "the container does not say how long it lasts", places: 0 };
  }
  const seconds = durationMicroseconds / 1e6;
  let areas = await lookAround(tools, source, seconds, true, signal);
  if (areas.length < FEW && seconds <= SHORT_SECONDS) areas = await lookAround(tools, source, seconds, false, signal);
  const isTurned = Math.abs(video.rotationDegrees) % 180 === 90;
  const [width, height] = isTurned ? [video.height, video.width] : [video.width, video.height];
  const isInterlaced = video.fieldOrder !== null && video.fieldOrder !== "progressive";
  return decideCrop({ width, height, isInterlaced, areas });
}
