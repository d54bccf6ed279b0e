// A recipe → the ffmpeg commands that make its base file. Pure; edits of bytes come afterwards (apply-edits.ts).
import { CODEC_FACTS, CONTAINER_FACTS, picked } from "./possibilities.ts";
import type { Recipe, SoundRecipe } from "./recipe.ts";

/** Seconds of the film, holes left out. */
export function filmSeconds({ frames, rate }: Recipe): number {
  const [num = 25, den = 1] = rate.split("/").map(Number);
  return (frames * den) / num;
}

/** The clock on which uneven times are made. */
const FINE = "settb=1/90000";

function paceFilters({ pace, frames }: Recipe): string[] {
  if (pace.kind === "constant") return [];
  if (pace.kind === "hole") {
    const from = Math.max(1, Math.floor(frames * pace.at));
    return [FINE, `setpts='PTS+if(gte(N,${from}),${pace.seconds}/TB,0)'`];
  }
  return [FINE, `setpts='if(eq(N,0),PTS,PTS+${pace.by}*mod(N*7,5)/5/FRAME_RATE/TB)'`];
}

interface Picture {
  readonly size: readonly [number, number];
  readonly format: string;
  readonly sar: string;
}

function pictureOf({ size, container, codec, format }: Recipe): Picture {
  return {
    size,
    format: picked(CODEC_FACTS[picked(CONTAINER_FACTS[container].video, codec)].formats, format),
    sar: "1",
  };
}

/** What the pictures become where they change halfway. */
function changed(recipe: Recipe): Picture {
  const picture = pictureOf(recipe);
  const { formats } = CODEC_FACTS[picked(CONTAINER_FACTS[recipe.container].video, recipe.codec)];
  switch (recipe.change) {
    case "size":
      return { ...picture, size: [picture.size[0] + 32, picture.size[1] + 16] };
    case "shape":
      return { ...picture, sar: "4/3" };
    case "format":
      return { ...picture, format: picked(formats, recipe.format + 1) };
    default:
      return { ...picture, format: picture.format === "yuv420p" ? "yuvj420p" : picture.format };
  }
}

/** lavfi of pictures that are all different. `from`: the first one, of a second take. */
function pictures(recipe: Recipe, picture: Picture, from: number, count: number): string {
  const [width, height] = picture.size;
  const range = picture.format.startsWith("yuvj") ? ["scale=out_range=pc"] : [];
  const interlace = recipe.isInterlaced ? ["setfield=tff"] : [];
  const source = `testsrc2=s=${width}x${height}:r=${recipe.rate}`;
  const cut = `trim=start_frame=${from}:end_frame=${from + count},setpts=PTS-STARTPTS`;
  const shape = `setsar=${picture.sar}`;
  return [source, cut, ...range, `format=${picture.format}`, ...interlace, shape, ...paceFilters(recipe)].join(",");
}

function encoderArgs(recipe: Recipe): readonly string[] {
  const codec = picked(CONTAINER_FACTS[recipe.container].video, recipe.codec);
  const fields = recipe.isInterlaced ? ["-flags", "+ildct+ilme", "-top", "1"] : [];
  return [...CODEC_FACTS[codec].args(recipe.gop, recipe.bFrames, recipe.isOpen), ...fields];
}

function soundFilter({ layout, rate }: SoundRecipe, seconds: number, number: number): string {
  const tone = `0.3*sin(2*PI*(${200 + 300 * number}*t+150*t*t))+0.02*sin(9000*t*t)`;
  const channels = layout === "mono" ? 1 : layout === "stereo" ? 2 : 6;
  const all = Array.from({ length: channels }, () => tone).join("|");
  return `aevalsrc='${all}':s=${rate}:c=${layout}:d=${seconds.toFixed(3)}`;
}

/** Encoders that make a stream in which the layout may change in the midst, with their raw muxers. */
const JOINABLE: Readonly<Record<string, string>> = { aac: "adts", mp2: "mp2", ac3: "ac3", libmp3lame: "mp3" };

const SAMPLES_A_PACKET: Readonly<Record<string, number>> = {
  aac: 1024,
  libmp3lame: 1152,
  mp2: 1152,
  ac3: 1536,
  libopus: 960,
  flac: 4608,
  alac: 4096,
  pcm_s16le: 1024,
  libvorbis: 512,
  wavpack: 4096,
  wmav2: 2048,
};

function soundEncoder(recipe: Recipe, sound: SoundRecipe): string {
  return picked(CONTAINER_FACTS[recipe.container].sound, sound.codec);
}

/** Opus knows few rates, 5.1 few encoders. */
function isPossible(encoder: string, { layout, rate }: SoundRecipe): boolean {
  if (encoder === "libopus" && rate !== 48_000) return false;
  return layout !== "5.1" || ["aac", "ac3", "flac", "libopus", "pcm_s16le", "wavpack"].includes(encoder);
}

export interface Command {
  readonly args: readonly string[];
}

/** A bitstream filter that drops the packets of a pause, or all. */
function packetFilter(encoder: string, sound: SoundRecipe, seconds: number): string | null {
  if (sound.isEmpty) return "noise=drop=1";
  if (sound.pause === null) return null;
  const packets = (seconds * sound.rate) / (SAMPLES_A_PACKET[encoder] ?? 1024);
  const [from, to] = sound.pause.map((share) => Math.round(share * packets));
  return `noise=drop='gte(n,${from})*lt(n,${to})'`;
}

interface Plan {
  /** Commands that make parts beforehand. */
  readonly before: readonly Command[];
  readonly inputs: string[];
  readonly maps: { readonly kind: "video" | "sound" | "subtitles"; readonly args: readonly string[] }[];
  readonly options: string[];
  inputCount: number;
}

function addVideo(recipe: Recipe, folder: string, plan: { before: Command[] } & Plan): void {
  if (recipe.change === null) {
    plan.inputs.push("-f", "lavfi", "-i", pictures(recipe, pictureOf(recipe), 0, recipe.frames));
    plan.options.push(...encoderArgs(recipe));
  } else {
    const half = Math.ceil(recipe.frames / 2);
    const codec = picked(CONTAINER_FACTS[recipe.container].video, recipe.codec);
    const { joinedIn } = CODEC_FACTS[codec];
    const takes = [pictures(recipe, pictureOf(recipe), 0, half), pictures(recipe, changed(recipe), half, half)];
    for (const [number, take] of takes.entries()) {
      const out = `${folder}/take${number}.${joinedIn}`;
      plan.before.push({ args: ["-f", "lavfi", "-i", take, "-fps_mode", "passthrough", ...encoderArgs(recipe), out] });
    }
    plan.inputs.push("-f", "concat", "-safe", "0", "-i", `${folder}/takes.txt`);
    plan.options.push("-c:v", "copy");
  }
  plan.maps.push({ kind: "video", args: ["-map", `${plan.inputCount++}:v`] });
}

function addSound(recipe: Recipe, number: number, folder: string, plan: { before: Command[] } & Plan): void {
  const sound = recipe.sounds[number];
  if (sound === undefined) return;
  const encoder = soundEncoder(recipe, sound);
  const seconds = Math.max(0.1, filmSeconds(recipe) * sound.lasts);
  const fitting = isPossible(encoder, sound) ? sound : { ...sound, layout: "stereo" as const, rate: 48_000 as const };
  const raw = JOINABLE[encoder];
  if (sound.begins !== 0) plan.inputs.push("-itsoffset", String(sound.begins));
  if (sound.changesLayout && raw !== undefined) {
    const layouts = [
      fitting,
      { ...fitting, layout: fitting.layout === "mono" ? ("stereo" as const) : ("mono" as const) },
    ];
    for (const [half, one] of layouts.entries()) {
      const filter = soundFilter(one, seconds / 2, number);
      plan.before.push({
        args: ["-f", "lavfi", "-i", filter, "-c:a", encoder, "-f", raw, `${folder}/sound${number}.${half}`],
      });
    }
    plan.inputs.push("-f", raw === "adts" ? "aac" : raw, "-i", `${folder}/sound${number}`);
    plan.options.push(`-c:a:${number}`, "copy");
  } else {
    plan.inputs.push("-f", "lavfi", "-i", soundFilter(fitting, seconds, number));
    plan.options.push(`-c:a:${number}`, encoder);
  }
  const dropping = packetFilter(encoder, fitting, seconds);
  if (dropping !== null) plan.options.push(`-bsf:a:${number}`, dropping);
  plan.maps.push({ kind: "sound", args: ["-map", `${plan.inputCount++}:a`] });
}

function addSubtitles(recipe: Recipe, folder: string, plan: Plan): void {
  const encoder = CONTAINER_FACTS[recipe.container].subtitles;
  if (encoder === null || recipe.subtitles.length === 0) return;
  plan.inputs.push("-i", `${folder}/texts.srt`);
  plan.options.push("-c:s", encoder);
  plan.maps.push({ kind: "subtitles", args: ["-map", `${plan.inputCount++}:s`] });
}

const ORDERS = {
  "video first": ["video", "sound", "subtitles"],
  "sound first": ["sound", "video", "subtitles"],
  "subtitles first": ["subtitles", "sound", "video"],
} as const;

/** `setts` of the times that the muxer is given, where a container needs no editing of bytes for it. */
function stampFilters(recipe: Recipe): string[] {
  const isTs = ["ts", "mp4", "mov"].includes(recipe.container);
  return recipe.edits.flatMap((edit): string[] => {
    if (edit.kind === "pts-is-dts" && !isTs) return ["-bsf:v", "setts=pts=DTS"];
    if (edit.kind === "pts-equal" && !isTs) {
      const number = Math.max(1, Math.floor(recipe.frames * edit.at));
      return ["-bsf:v", `setts=pts='if(eq(N,${number}),PREV_OUTPTS,PTS)'`];
    }
    if (edit.kind !== "clock-jump" || isTs) return [];
    const at = recipe.startsAt + filmSeconds(recipe) * edit.at;
    const jump = `setts=ts='TS+if(gte(TS*TB,${at.toFixed(3)}),${Math.abs(edit.seconds)}/TB,0)'`;
    return [
      ...(edit.which === "sound" ? [] : ["-bsf:v", jump]),
      ...(edit.which === "video" || recipe.sounds.length === 0 ? [] : ["-bsf:a", jump]),
    ];
  });
}

/** All commands, the last of which makes the file; `texts`: what must lie in the folder before. */
export function sourceCommands(recipe: Recipe, folder: string, out: string): readonly Command[] {
  const facts = CONTAINER_FACTS[recipe.container];
  const codec = CODEC_FACTS[picked(facts.video, recipe.codec)];
  const plan = { before: [] as Command[], inputs: [], maps: [], options: [], inputCount: 0 } as Plan & {
    before: Command[];
  };
  addVideo(recipe, folder, plan);
  for (const number of recipe.sounds.keys()) addSound(recipe, number, folder, plan);
  addSubtitles(recipe, folder, plan);
  const chapters =
    recipe.chapters.length > 0 ? ["-i", `${folder}/chapters.txt`, "-map_chapters", String(plan.inputCount)] : [];
  const maps = ORDERS[recipe.order].flatMap((kind) =>
    plan.maps.filter((map) => map.kind === kind).flatMap(({ args }) => args),
  );
  const [chapterInput, chapterMap] = [chapters.slice(0, 2), chapters.slice(2)];
  const last = [
    ...[...plan.inputs, ...chapterInput, ...chapterMap, ...maps, ...plan.options, ...stampFilters(recipe)],
    ...(recipe.change === null
      ? ["-fps_mode", "passthrough", ...(recipe.pace.kind === "constant" ? [] : timeBase(recipe))]
      : []),
    ...(recipe.isRotated ? ["-metadata:s:v", "rotate=90"] : []),
    ...(recipe.startsAt > 0 ? ["-output_ts_offset", String(recipe.startsAt)] : []),
    ...(recipe.container === "flv" && recipe.edits.some(({ kind }) => kind === "no-duration")
      ? ["-flvflags", "no_duration_filesize"]
      : []),
    ...(recipe.container === "mkv" || recipe.container === "webm" ? ["-cluster_time_limit", "400"] : []),
    ...["-f", facts.muxer ?? codec.raw?.[0] ?? "null", out],
  ];
  return [...plan.before, { args: last }];
}

/** MPEG-1/2 and MPEG-4 part 2 take no fine ticks. */
function timeBase({ container, codec }: Recipe): readonly string[] {
  const name = picked(CONTAINER_FACTS[container].video, codec);
  return ["mpeg2video", "mpeg4", "flv1", "wmv2", "theora"].includes(name) ? [] : ["-enc_time_base", "1/90000"];
}

export function extensionFor(recipe: Recipe): string {
  const { video, extension, muxer } = CONTAINER_FACTS[recipe.container];
  return muxer === null ? (CODEC_FACTS[picked(video, recipe.codec)].raw?.[1] ?? extension) : extension;
}
