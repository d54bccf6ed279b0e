// What a finished file holds, by ffmpeg and ffprobe alone: pictures and their times, sound as it is heard, events of
// subtitles, chapters, streams. Uses no code of the product.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { mustRun, runTool, type Tools } from "./tools.ts";

export interface Pictures {
  /** MD5 of each decoded picture, in order. */
  readonly md5: readonly string[];
  /** Seconds on the file's own clock. */
  readonly seconds: readonly number[];
  /** Seconds per tick of the stream. */
  readonly tick: number;
  /** Each picture shrunk to THUMB, planes one after the other; what lossy encodes are compared by. */
  readonly thumbs: Uint8Array;
}

export const THUMB = { width: 32, height: 18, bytes: 32 * 18 * 3 } as const;

export interface Sound {
  /** Of the source track or of the encoder, samples a second. */
  readonly rate: number;
  /** Runs of samples as decoded: where each begins on the file's own clock (seconds), and its samples at HEARD_RATE. */
  readonly runs: readonly { readonly at: number; readonly samples: Int16Array }[];
}

/** Samples a second, mono, in which sound is compared. */
export const HEARD_RATE = 48_000;

export interface Event {
  readonly begins: number;
  readonly ends: number;
  readonly text: string;
}

export interface StreamFacts {
  readonly index: number;
  readonly type: string;
  readonly codec: string;
  /** Seconds per tick, "1/90000". */
  readonly timeBase: string;
  /** What must be the same on both sides, one word each: size, format, range, layout, language, … */
  readonly facts: Readonly<Record<string, string>>;
}

export interface Chapter {
  readonly begins: number;
  readonly ends: number;
  readonly title: string;
}

export interface Reading {
  readonly pictures: Pictures;
  readonly sounds: readonly Sound[];
  readonly subtitles: readonly (readonly Event[])[];
  readonly streams: readonly StreamFacts[];
  readonly chapters: readonly Chapter[];
}

type Json = Readonly<Record<string, unknown>>;

const VIDEO_FACTS = ["width", "height", "pix_fmt", "color_range", "color_space", "color_transfer", "color_primaries"];
// Not the order of fields: plain ffmpeg calls the same pictures tt, tb or progressive by muxer and version.
const SHAPE_FACTS = ["sample_aspect_ratio"];
const SOUND_FACTS = ["sample_rate", "channels", "channel_layout"];

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Light and mastering data say the same number with several divisors. */
function reduced(value: unknown): unknown {
  const parts = /^(\d+)\/(\d+)$/.exec(text(value));
  if (parts === null) return value;
  const [above, below] = [Number(parts[1]), Number(parts[2])];
  const divisor = gcd(above, below) || 1;
  return `${above / divisor}/${below / divisor}`;
}

function sideDataOf(list: unknown): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const data of (list ?? []) as readonly Json[]) {
    const { side_data_type: name, ...rest } = data;
    const said = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, reduced(value)]));
    if (!/CPB|encoder|skip samples/i.test(text(name))) facts[text(name)] = JSON.stringify(said);
  }
  return facts;
}

/** What the first picture says of its light, as a stream would say it: in HEVC it may stand there alone. */
export async function lightOf(tools: Tools, path: string): Promise<Readonly<Record<string, string>>> {
  const asked = ["-v", "error", "-of", "json", "-select_streams", "V:0", "-read_intervals", "%+#1", "-show_frames"];
  const told = JSON.parse(
    new TextDecoder().decode(await mustRun([tools.ffprobe, ...asked, `file:${resolve(path)}`])),
  ) as { readonly frames?: readonly Json[] };
  const all = sideDataOf(told.frames?.[0]?.side_data_list);
  return Object.fromEntries(Object.entries(all).filter(([name]) => /light|mastering/i.test(name)));
}

function factsOf(stream: Json): StreamFacts {
  const type = text(stream.codec_type);
  const wanted = type === "video" ? [...VIDEO_FACTS, ...SHAPE_FACTS] : type === "audio" ? SOUND_FACTS : [];
  const facts: Record<string, string> = {};
  for (const name of wanted) facts[name] = text(stream[name]) || "unknown";
  // VP8 has no other matrix (RFC 6386, 9.2); ffprobe says so only where it had to decode a picture to know the stream.
  if (stream.codec_name === "vp8" && facts.color_space === "unknown") facts.color_space = "bt470bg";
  const tags = (stream.tags ?? {}) as Json;
  facts.language = text(tags.language ?? tags.LANGUAGE).replace(/^und$/, "");
  Object.assign(facts, sideDataOf(stream.side_data_list));
  return { index: Number(stream.index), type, codec: text(stream.codec_name), timeBase: text(stream.time_base), facts };
}

/** Streams and chapters of a file. Errors: ffprobe can't read it. */
export async function streamsOf(
  tools: Tools,
  path: string,
): Promise<{ readonly streams: StreamFacts[]; readonly chapters: Chapter[] }> {
  const asked = [tools.ffprobe, "-v", "error", "-of", "json", "-show_streams", "-show_chapters"];
  const told = JSON.parse(new TextDecoder().decode(await mustRun([...asked, `file:${resolve(path)}`]))) as {
    readonly streams?: readonly Json[];
    readonly chapters?: readonly Json[];
  };
  const chapters = (told.chapters ?? []).map((chapter) => ({
    begins: Number(chapter.start_time),
    ends: Number(chapter.end_time),
    title: text(((chapter.tags ?? {}) as Json).title),
  }));
  const isCover = (stream: Json) => ((stream.disposition ?? {}) as Json).attached_pic === 1;
  return { streams: (told.streams ?? []).filter((stream) => !isCover(stream)).map(factsOf), chapters };
}

export interface Row {
  readonly pts: number;
  readonly bytes: number;
  readonly hash: string;
}

/** Rows of framemd5 or framecrc: stream, dts, pts, duration, size, hash. `tick`: seconds. */
export function rowsOf(told: string): { readonly tick: number; readonly rows: readonly Row[] } {
  const lines = told.split("\n");
  const base = lines.map((line) => /^#tb 0: (\d+)\/(\d+)$/.exec(line)).find((match) => match !== null);
  const rows = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").map((cell) => cell.trim()))
    .map((cells) => ({ pts: Number(cells[2]), bytes: Number(cells[4]), hash: cells[5] ?? "" }));
  return { tick: base ? Number(base[1]) / Number(base[2]) : 0, rows };
}

async function soundAt(base: string, rate: number): Promise<Sound> {
  const [told, bytes] = await Promise.all([Bun.file(`${base}.crc`).text(), Bun.file(`${base}.raw`).bytes()]);
  const { rows } = rowsOf(told);
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 2));
  let from = 0;
  const runs = rows.map(({ pts, bytes: size }) => {
    const run = { at: pts / HEARD_RATE, samples: samples.subarray(from, from + size / 2) };
    from += size / 2;
    return run;
  });
  return { rate, runs };
}

/** Subtitle events of one stream with what they say. Empty ones, with which MP4 fills gaps, are left out. */
async function eventsOf(tools: Tools, path: string, index: number): Promise<Event[]> {
  const entries = [
    "-show_packets",
    "-show_data_hash",
    "md5",
    "-show_entries",
    "packet=pts_time,duration_time,size,data_hash",
  ];
  const asked = [tools.ffprobe, "-v", "error", "-of", "json", "-select_streams", String(index), ...entries];
  const told = JSON.parse(new TextDecoder().decode(await mustRun([...asked, `file:${resolve(path)}`]))) as {
    readonly packets?: readonly Json[];
  };
  return (told.packets ?? [])
    .filter((packet) => Number(packet.size) > 2)
    .map((packet) => {
      const begins = Number(packet.pts_time);
      return { begins, ends: begins + (Number(packet.duration_time) || 0), text: text(packet.data_hash) };
    });
}

const SILENT_TRACK: Sound = { rate: HEARD_RATE, runs: [] };

/** A track without packets may be announced without a rate; ffmpeg gives up where it is asked to decode it. */
function isDecodable({ facts }: StreamFacts): boolean {
  return Number(facts.sample_rate) > 0 && Number(facts.channels) > 0;
}

/** The first that has pictures; none of them is a cover. */
export function mainVideoOf(streams: readonly StreamFacts[]): string {
  const videos = streams.filter(({ type }) => type === "video");
  const main = videos.find(({ facts }) => Number(facts.width) > 0) ?? videos[0];
  return main === undefined ? "0:V:0" : `0:${main.index}`;
}

/** How a file's times are read: as they stand in it, or as ffmpeg takes them when it converts the file. */
export type Clock = "own" | "corrected";

/** The tracks that a sample is decoded of. */
async function soundingOf(tools: Tools, path: string, tracks: readonly StreamFacts[]): Promise<StreamFacts[]> {
  const sounding: StreamFacts[] = [];
  for (const track of tracks) {
    const map = ["-map", `0:${track.index}`, "-c:a", "pcm_s16le", "-f", "framecrc", "-"];
    const { stdout } = await runTool([tools.ffmpeg, "-nostdin", "-v", "quiet", "-i", `file:${resolve(path)}`, ...map]);
    if (rowsOf(new TextDecoder().decode(stdout)).rows.length > 0) sounding.push(track);
  }
  return sounding;
}

/**
 * Reads a file, decoded in one go: a finished output by its own clock, a source by the clock that ffmpeg makes of it
 * (jumps closed, beginning at zero). Errors: it can't be read or decoded.
 */
export async function readingOf(tools: Tools, path: string, clock: Clock = "own"): Promise<Reading> {
  const { streams, chapters } = await streamsOf(tools, path);
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-reading-"));
  try {
    const at = (name: string) => join(folder, name);
    const audio = streams.filter(({ type }) => type === "audio");
    const video = mainVideoOf(streams);
    const thumb = `scale=${THUMB.width}:${THUMB.height}:flags=area,format=yuv444p`;
    const decoded = async (tracks: readonly StreamFacts[]) =>
      await runTool([
        ...[tools.ffmpeg, "-nostdin", "-v", "error", "-y", ...(clock === "own" ? ["-copyts"] : [])],
        ...["-i", `file:${resolve(path)}`],
        ...["-map", video, "-noautoscale", ...tools.ownTimes, "-f", "framemd5", at("pictures")],
        ...["-map", video, "-vf", thumb, ...tools.ownTimes, "-f", "rawvideo", at("thumbs")],
        ...tracks.flatMap(({ index }) => {
          const track = String(index);
          const heard = ["-map", `0:${index}`, "-ac", "1", "-ar", String(HEARD_RATE), "-c:a", "pcm_s16le"];
          return [...heard, "-f", "framecrc", at(`${track}.crc`), ...heard, "-f", "s16le", at(`${track}.raw`)];
        }),
      ]);
    let heardOnes = audio.filter(isDecodable);
    const first = await decoded(heardOnes);
    if (first.exitCode !== 0) {
      // Releases since 7.0 fail where a track gives no sample at all; the others are heard without it.
      heardOnes = await soundingOf(tools, path, heardOnes);
      const again = await decoded(heardOnes);
      if (again.exitCode !== 0) throw new Error(`${path} can't be read: ${again.stderr.trim().slice(-1000)}`);
    }
    const { tick, rows } = rowsOf(await Bun.file(at("pictures")).text());
    const thumbs = await Bun.file(at("thumbs")).bytes();
    const sounds = await Promise.all(
      audio.map((track) =>
        heardOnes.includes(track) ? soundAt(at(String(track.index)), Number(track.facts.sample_rate)) : SILENT_TRACK,
      ),
    );
    const subtitles: Event[][] = [];
    for (const { index, type } of streams) if (type === "subtitle") subtitles.push(await eventsOf(tools, path, index));
    const pictures = { md5: rows.map(({ hash }) => hash), seconds: rows.map(({ pts }) => pts * tick), tick, thumbs };
    return { pictures, sounds, subtitles, streams, chapters };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
