// Which channel layout an encoded audio track will have, and whether its encoder supports it. Checked beforehand,
// because libopus refuses others after the work has begun, and libvorbis assigns them to other speakers. Pure.
import { AppError } from "../../base/errors.ts";
import type { AudioSettings } from "../model/encode-request.ts";
import type { SourceStream } from "../model/source.ts";

/** Encoders that take the layouts of Vorbis alone. */
const LAYOUT_ENCODERS: ReadonlySet<string> = new Set(["libopus", "libvorbis"]);

/** The layouts of Vorbis I §4.3.9, which Opus has taken over (RFC 7845 §5.1.1.2). */
const VORBIS_LAYOUTS: ReadonlySet<string> = new Set(["mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"]);

/** Surround channels that Vorbis calls back channels, by their names in AC-3, E-AC-3 and DTS. */
const SAME_SPEAKERS: Readonly<Record<string, string>> = {
  "quad(side)": "quad",
  "5.0(side)": "5.0",
  "5.1(side)": "5.1",
};

/** The smallest supported layout with all channels of the other: added channels stay silent, nothing is mixed. */
const ROOM_FOR: Readonly<Record<string, string>> = {
  "2.1": "5.1",
  "3.1": "5.1",
  "3.0(back)": "6.1",
  "4.0": "6.1",
  "4.1": "6.1",
  "6.0": "6.1",
  "7.0": "7.1",
};

/**
 * ffmpeg's default layout for a requested number of channels, or for channels without names
 * (libavutil/channel_layout.c).
 */
const DEFAULT_LAYOUTS = ["mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1"];

/** Filters that may change or require a layout. */
const LAYOUT_FILTERS: ReadonlySet<string> = new Set(
  "aformat channelmap pan stereotools extrastereo crossfeed aresample".split(" "),
);

/**
 * ffmpeg's name of the layout that reaches the encoder; "" for more channels than have one; null: only a run can show
 * it.
 */
function layoutFor(settings: AudioSettings, source: SourceStream): string | null {
  if (settings.filters.some(({ name }) => LAYOUT_FILTERS.has(name))) return null;
  if (settings.channels === null && source.channelLayout !== undefined) return source.channelLayout;
  const channels = settings.channels ?? source.channels;
  // None: a track without packets, which is left out later.
  return channels === null || channels === 0 ? null : (DEFAULT_LAYOUTS[channels - 1] ?? "");
}

/** The equivalent layout name that libopus accepts; null: the source's own. */
export function opusName(settings: AudioSettings, encoder: string, source: SourceStream): string | null {
  if (encoder !== "libopus" || settings.channels !== null || hasOwnMapping(settings)) return null;
  return SAME_SPEAKERS[source.channelLayout ?? ""] ?? null;
}

function hasOwnMapping({ privateOptions }: AudioSettings): boolean {
  return privateOptions.some(([key]) => key === "mapping_family");
}

/** Whether the encoder takes only some layouts, and the source's own reaches it. */
export function mindsLayout(settings: AudioSettings, encoder: string): boolean {
  return LAYOUT_ENCODERS.has(encoder) && !hasOwnMapping(settings) && settings.channels === null;
}

/** Errors: E_ENCODE_REQUEST. */
export function requireLayout(settings: AudioSettings, encoder: string, source: SourceStream, isWebm: boolean): void {
  if (!LAYOUT_ENCODERS.has(encoder)) return;
  if (hasOwnMapping(settings)) return;
  const layout = layoutFor(settings, source);
  if (layout === null || VORBIS_LAYOUTS.has(layout)) return;
  if (layout in SAME_SPEAKERS && (encoder === "libvorbis" || settings.channels === null)) return;
  const speakers = layout === "" ? "more than 8 channels" : `the speakers of ${layout}`;
  const wider = ROOM_FOR[layout];
  const ways = [
    "-ac 2 mixes it for two speakers",
    ...(wider === undefined ? [] : [`-filter:a aformat=channel_layouts=${wider} keeps every channel`]),
    ...(isWebm ? [] : ["-c:a aac takes it as it is"]),
  ];
  throw new AppError(
    "E_ENCODE_REQUEST",
    `${encoder} cannot encode ${speakers}, which the sound of stream ${source.index} would have`,
    `${ways.join("; ")}.`,
  );
}
