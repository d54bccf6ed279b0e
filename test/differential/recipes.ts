// Random recipes as fast-check makes them from a seed. What does not fit the container is dropped afterwards
// (`fitted`), so that each part of a recipe shrinks by itself.
import fc from "fast-check";
import { CODEC_FACTS, CONTAINER_FACTS, picked } from "./possibilities.ts";
import {
  CONTAINERS,
  type Edit,
  type Pace,
  type Recipe,
  type Request,
  type SoundRecipe,
  type VideoCodec,
} from "./recipe.ts";

const share = (min: number, max: number) =>
  fc.integer({ min: Math.round(min * 100), max: Math.round(max * 100) }).map((number) => number / 100);

/** Mostly the first of all, so that a file has a few things wrong and not all of them. */
function rarely<T, U>(usual: T, arbitrary: fc.Arbitrary<U>, weight = 1): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight, arbitrary });
}

const pace: fc.Arbitrary<Pace> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: "constant" } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("variable" as const), by: share(0.05, 0.9) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("hole" as const),
      at: share(0.1, 0.9),
      seconds: fc.constantFrom(0.3, 1, 2.5, 0.013, 12),
    }),
  },
);

const sound: fc.Arbitrary<SoundRecipe> = fc.record({
  codec: fc.nat(9),
  layout: fc.constantFrom("stereo", "stereo", "mono", "5.1"),
  rate: fc.constantFrom(48_000, 48_000, 44_100, 32_000),
  begins: rarely(0, fc.constantFrom(0.5, -0.5, 0.017, -0.017, 1.2), 3),
  lasts: rarely(1, share(0.2, 1.5), 2),
  pause: rarely(null, fc.tuple(share(0.2, 0.5), share(0.55, 0.9))),
  changesLayout: rarely(false, fc.constant(true)),
  isEmpty: rarely(false, fc.constant(true)),
});

const which = fc.constantFrom("all" as const, "all" as const, "video" as const, "sound" as const);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.constant({ kind: "pts-is-dts" } as const),
  fc.record({
    kind: fc.constant("clock-jump" as const),
    which,
    at: share(0.2, 0.8),
    seconds: fc.constantFrom(2, -1, 15, 3600, -0.1, 0.2, -40),
  }),
  fc.constant({ kind: "clock-restart" } as const),
  fc.record({ kind: fc.constant("clock-wrap" as const), at: share(0, 0.9) }),
  fc.record({ kind: fc.constant("pts-missing" as const), every: fc.integer({ min: 2, max: 9 }) }),
  fc.record({ kind: fc.constant("pts-equal" as const), at: share(0.1, 0.9) }),
  fc.record({ kind: fc.constant("sync-lies" as const), how: fc.constantFrom("all", "none", "shifted") }),
  fc.record({
    kind: fc.constant("edit-list" as const),
    which: fc.constantFrom("video", "video", "sound"),
    entries: fc.array(fc.record({ from: rarely(null, share(0, 0.6), 15), lasts: share(0.2, 0.9) }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  fc.constant({ kind: "no-index" } as const),
  fc.constant({ kind: "no-duration" } as const),
  fc.constant({ kind: "unknown-stream" } as const),
  fc.record({ kind: fc.constant("lost-packets" as const), every: fc.integer({ min: 20, max: 200 }) }),
  fc.record({ kind: fc.constant("cut-off" as const), at: share(0.4, 0.99) }),
);

const request: fc.Arbitrary<Request> = fc.record({
  encoder: fc.nat(20),
  filter: rarely(
    null,
    fc.constantFrom(
      "scale=64:48",
      "hflip",
      "crop=iw/2:ih/2",
      "fps=20",
      "yadif",
      "yadif=1",
      "tmix=frames=3",
      "format=yuv444p",
      "eq=brightness=0.1",
      "transpose",
      "pad=iw+16:ih+16:8:8",
    ),
    3,
  ),
  rate: rarely(null, fc.constantFrom("25", "30000/1001", "10", "50", "24")),
  sound: fc.constantFrom("default", "copy", "aac", "libopus", "none"),
  map: rarely(null, fc.constantFrom("-map 0:v:0 -map 0:a?", "-map 0:v", "-map -0:s", "-sn")),
  container: fc.constantFrom("mkv", "mkv", "mp4", "mp4", "mov", "webm", "ts"),
});

export const recipe: fc.Arbitrary<Recipe> = fc
  .record({
    container: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("mp4" as const, "mkv" as const, "ts" as const) },
      { weight: 2, arbitrary: fc.constantFrom(...CONTAINERS) },
    ),
    codec: fc.oneof(fc.constant(0), fc.nat(20)),
    frames: fc.integer({ min: 8, max: 70 }),
    rate: fc.constantFrom("25", "30000/1001", "24000/1001", "50", "12", "30"),
    pace,
    gop: fc.oneof(fc.integer({ min: 3, max: 15 }), fc.constantFrom(1, 100, 30)),
    bFrames: fc.integer({ min: 0, max: 3 }),
    isOpen: fc.boolean(),
    size: fc.constantFrom([128, 72], [96, 64], [192, 108], [64, 64], [97, 53]) as fc.Arbitrary<
      readonly [number, number]
    >,
    format: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(9) }),
    isInterlaced: rarely(false, fc.constant(true)),
    isRotated: rarely(false, fc.constant(true)),
    startsAt: rarely(0, fc.constantFrom(0.5, 10, 1.4, 5000)),
    sounds: fc.array(sound, { maxLength: 2 }),
    subtitles: rarely(
      [],
      fc.array(fc.tuple(fc.constantFrom(0, 0.5, 1, 2, 4), fc.constantFrom(0.5, 1, 0.1, 5)), {
        minLength: 1,
        maxLength: 3,
      }),
      2,
    ),
    chapters: rarely(
      [],
      fc.array(fc.tuple(fc.constantFrom(0, 0.4, 1, 3), fc.constantFrom(0.5, 1, 0)), { minLength: 1, maxLength: 3 }),
    ),
    order: rarely("video first" as const, fc.constantFrom("sound first" as const, "subtitles first" as const), 2),
    change: rarely(null, fc.constantFrom("size", "shape", "format", "range"), 1),
    edits: fc.array(edit, { maxLength: 3 }),
    request,
  })
  .map(fitted);

/**
 * FFV1 has size and format once for the whole file, which no program writes rightly where they change: packets of another
 * size decode without an error to samples that are others in each run of ffmpeg.
 */
function changeFor(codec: VideoCodec, { container, change }: Recipe): Recipe["change"] {
  if (["raw", "mxf", "asf", "ogv", "flv"].includes(container)) return null;
  return codec === "ffv1" && (change === "size" || change === "format") ? null : change;
}

/** Without what the container or the codec does not take. The same for a recipe that is fitted already. */
export function fitted(given: Recipe): Recipe {
  const facts = CONTAINER_FACTS[given.container];
  const codecName = picked(facts.video, given.codec);
  const codec = CODEC_FACTS[codecName];
  const kinds = new Set<string>();
  const edits = given.edits.filter(({ kind }) => {
    const isTaken = facts.edits.includes(kind) && !kinds.has(kind);
    kinds.add(kind);
    return isTaken;
  });
  const isOdd = given.size[0] % 2 === 1;
  const format = picked(codec.formats, given.format);
  // Half a chroma sample is nobody's business; odd sizes go with formats that can hold them.
  const size = isOdd && !["yuv444p", "yuvj444p", "gray", "bgr0"].includes(format) ? ([98, 54] as const) : given.size;
  return {
    ...given,
    size,
    edits,
    isInterlaced: given.isInterlaced && codec.canInterlace && given.container !== "mxf",
    isRotated: given.isRotated && ["mp4", "mov"].includes(given.container),
    rate: given.container === "mxf" && given.rate === "12" ? "25" : given.rate,
    pace: ["raw", "avi", "mxf", "vob", "ogv"].includes(given.container) ? { kind: "constant" } : given.pace,
    sounds: facts.sound.length === 0 ? [] : given.sounds,
    subtitles: facts.subtitles === null ? [] : given.subtitles,
    chapters: facts.hasChapters ? given.chapters : [],
    startsAt: ["raw", "avi", "mxf"].includes(given.container) ? 0 : given.startsAt,
    change: changeFor(codecName, given),
  };
}

/** The one recipe of a seed. */
export function recipeOf(seed: number): Recipe {
  const [made] = fc.sample(recipe, { seed, numRuns: 1 });
  if (made === undefined) throw new Error("no recipe");
  return made;
}
