// Holds one job of a running cluster against a plain run of the same ffmpeg with the same options: exact, refused before
// any work, failed late, or wrong. Uses no code of the product for what is right.
import { rm } from "node:fs/promises";
import type { Proof } from "../../../src/media/model/proof.ts";
import type { Cluster } from "../cluster.ts";
import { soundDifferences } from "./compare-sound.ts";
import { chapterDifferences, differencesBetween, pictureDifferences } from "./differences.ts";
import { withoutFalseJumps } from "./false-jumps.ts";
import { withoutGuesses } from "./guessed-times.ts";
import { areChaptersHanded, areEventsHanded, withoutEncodersOwn } from "./handed.ts";
import { endOf } from "./job-ending.ts";
import { toldToKeepRange, withRange } from "./kept-range.ts";
import { type Kept, type PlainJob, runPlain } from "./plain-run.ts";
import { type Clock, lightOf, mainVideoOf, type Reading, readingOf, type StreamFacts, streamsOf } from "./reading.ts";
import { withoutDecodersOwn } from "./same-packets.ts";
import type { Tools } from "./tools.ts";

export type Verdict =
  | { readonly kind: "exact"; readonly notes: readonly string[] }
  | { readonly kind: "refused"; readonly reason: string; readonly isPlainWorking: boolean }
  /** After work was done, or without a word that helps. */
  | { readonly kind: "failed"; readonly reason: string; readonly isPlainWorking: boolean }
  | { readonly kind: "WRONG"; readonly differences: readonly string[] };

export interface Held {
  readonly source: string;
  /** As `--ffmpeg-params`. */
  readonly params: string;
  /** Where the job's output goes; its ending gives the container. */
  readonly output: string;
  readonly boundMs: number;
  /** Of the plain run, before its input: from the table of what ffmpeg does wrong. */
  readonly plainInputArgs?: readonly string[];
  /** Of the plain run, where it is asked in other words (a filter that names its file). */
  readonly plainParams?: string;
}

/** Words as a shell splits them; quotes are all that is needed here. */
export function wordsOf(params: string): string[] {
  return [...params.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

export function isLossless(params: string): boolean {
  return /\b(ffv1|utvideo|huffyuv|ffvhuff)\b|-qp 0\b|lossless[= ]1\b/.test(params);
}

function keptOf({ streams }: Proof, source: readonly StreamFacts[]): Kept {
  const left = new Set(streams.left_out.map(({ index }) => index));
  const of = (type: string) =>
    streams.in.filter((one) => one.type === type && !left.has(one.index)).map(({ index }) => index);
  const videos = new Set(of("video"));
  const main = mainVideoOf(source.filter(({ index }) => videos.has(index)));
  return { video: Number(main.slice(2)) || 0, audio: of("audio"), subtitles: of("subtitle") };
}

function codecsOf({ streams }: Reading): PlainJob["codecs"] {
  const of = (type: string) => streams.filter((one) => one.type === type).map(({ codec }) => codec);
  return { audio: of("audio"), subtitles: of("subtitle") };
}

const NONE: PlainJob["codecs"] = { audio: [], subtitles: [] };

/** What is left out must be said, and never all of the sound where it was not asked for. */
function leftOutProblems({ streams }: Proof, params: readonly string[], plain: Reading): string[] {
  const unsaid = streams.left_out.filter(({ reason }) => reason.trim() === "");
  const hasSound = streams.in.some(
    (one) => one.type === "audio" && !streams.left_out.some(({ index }) => index === one.index),
  );
  const isSilent = !hasSound && plain.sounds.some(({ runs }) => runs.length > 0) && !params.includes("-an");
  return [
    ...unsaid.map(({ index }) => `stream ${index} is left out without a reason`),
    ...(isSilent ? ["all sound is left out, which plain ffmpeg keeps"] : []),
  ];
}

/**
 * With other numbers of threads some decoders conceal damage otherwise, and not alike in two runs: such pictures are
 * nobody's fault. Measured: interlaced MPEG-2 with lost packets gives four results with 1 to 16 threads of 7.1, H.264
 * with lost packets another one in every sixth run with 2 threads of 5.1.
 */
const THREADS = ["1", "2", "3", "4", "6", "8", "16"];
const ROUNDS = 4;
const SOUND_ROUNDS = 12;

/** The last picture of a file that ends inside it: what is missing is filled with what the decoder happens to hold. */
function isCutOffPicture(difference: string, { pictures }: Reading, stderr: string): boolean {
  const last = pictures.md5.length - 1;
  return /corrupt|overread/i.test(stderr) && difference === `1 of ${last + 1} pictures are others, first ${last}`;
}

/** Whether `ours` has only pictures that plain ffmpeg itself gives in one of several runs. */
async function isUnsettled(tools: Tools, job: PlainJob, ours: Reading, plain: Reading): Promise<boolean> {
  if (ours.pictures.md5.length !== plain.pictures.md5.length) return false;
  const open = new Set([...ours.pictures.md5.keys()].filter((at) => ours.pictures.md5[at] !== plain.pictures.md5[at]));
  const firsts = plain.pictures.md5;
  for (const threads of Array.from({ length: ROUNDS }, () => THREADS).flat()) {
    const { exitCode } = await runPlain(tools, { ...job, inputArgs: [...(job.inputArgs ?? []), "-threads", threads] });
    if (exitCode !== 0) return false;
    const again = (await readingOf(tools, job.output)).pictures.md5;
    for (const at of [...open]) if (again[at] !== firsts[at]) open.delete(at);
    if (open.size === 0) return true;
  }
  return false;
}

/**
 * Whether plain ffmpeg gives another sound in another run: 7.0 and later decode AAC whose layout changes into memory that
 * nobody wrote.
 */
async function isSoundUnsettled(tools: Tools, job: PlainJob, plain: Reading): Promise<boolean> {
  const origin = plain.pictures.seconds[0] ?? 0;
  for (let round = 0; round < SOUND_ROUNDS; round += 1) {
    const { exitCode } = await runPlain(tools, job);
    if (exitCode !== 0) return true;
    const { sounds } = await readingOf(tools, job.output);
    const isOther = plain.sounds.some((sound, number) => {
      const again = sounds[number];
      return again !== undefined && soundDifferences("", [sound, again], [origin, origin]).length > 0;
    });
    if (isOther) return true;
  }
  return false;
}

/**
 * Plain ffmpeg itself puts copied sound a little beside its place in some containers, and loses an encoder's first
 * frame in others. Sound that is where the source's is, decoded in one pass, is right whatever plain ffmpeg made of it.
 * By the source's own clock too: with a start taken off ffmpeg rounds pictures to the source's ticks (Theora's are 83 ms).
 */
async function isWhereTheSourceIs(tools: Tools, held: Held, ours: Reading, kept: Kept): Promise<boolean> {
  return (await isWhereItSays("corrected")) || (await isWhereItSays("own"));

  async function isWhereItSays(clock: Clock): Promise<boolean> {
    const source = await readingOf(tools, held.source, clock).catch(() => null);
    if (source === null) return false;
    const tracks = source.streams.filter(({ type }) => type === "audio").map(({ index }) => index);
    const origins = [ours.pictures.seconds[0] ?? 0, source.pictures.seconds[0] ?? 0] as const;
    return kept.audio.every((index, number) => {
      const [a, b] = [ours.sounds[number], source.sounds[tracks.indexOf(index)]];
      return a !== undefined && b !== undefined && soundDifferences("", [a, b], origins).length === 0;
    });
  }
}

/** A track that holds no packet is kept by plain ffmpeg as a name alone; leaving it out loses nothing. */
function withoutEmptyTracks(reading: Reading): Reading {
  const audio = reading.streams.filter(({ type }) => type === "audio");
  const empty = new Set(
    audio.filter((_, number) => reading.sounds[number]?.runs.length === 0).map(({ index }) => index),
  );
  return {
    ...reading,
    streams: reading.streams.filter(({ index }) => !empty.has(index)),
    sounds: reading.sounds.filter(({ runs }) => runs.length > 0),
  };
}

/** Of a source that says no range, newer versions say "tv" where older ones say nothing: the same to every player. */
function isRangeSaid(streams: readonly StreamFacts[]): boolean {
  return streams.find(({ type }) => type === "video")?.facts.color_range !== "unknown";
}

/** An encoder of eight bits ends HDR10, which has ten; plain ffmpeg leaves the metadata in the container. */
const HDR10_NAMED_AS_LOST = /^HDR10 metadata .* is not kept: /;
const HDR10_LOST = /: (?:Content light level|Mastering display) metadata is not there, /;

/** What every player takes for granted, said: nothing to hold against ours. */
const TAKEN_FOR_GRANTED = /^video 0: color_range is tv, plain ffmpeg's unknown$/;
const UNSAID_RANGE = /^video 0: color_range is unknown, plain ffmpeg's tv$/;

/** Plain ffmpeg moves or loses events that lie before the picture in some containers; where the source has them is right too. */
async function areEventsTheSources(tools: Tools, held: Held, ours: Reading, areAll: boolean): Promise<boolean> {
  const source = await readingOf(tools, held.source).catch(() => null);
  if (source === null) return false;
  const origins = [ours.pictures.seconds[0] ?? 0, source.pictures.seconds[0] ?? 0] as const;
  const begins = source.subtitles.flat().map((event) => event.begins - origins[1]);
  if (areAll && begins.length !== ours.subtitles.flat().length) return false;
  return ours.subtitles.flat().every((event) => begins.some((at) => Math.abs(event.begins - origins[0] - at) < 0.003));
}

/**
 * Chapters aren't moved with the streams where Matroska begins later than at zero (Opus, or subtitles before the picture),
 * and those before the film's start are dropped: all of the source's, each where it has them, are right. A new rate puts
 * the first picture a part of a frame from its time: then the first subtitle tells where.
 */
async function areChaptersTheSources(tools: Tools, held: Held, ours: Reading): Promise<boolean> {
  const source = await readingOf(tools, held.source).catch(() => null);
  if (source === null) return false;
  const picture = ({ pictures }: Reading) => pictures.seconds[0];
  const text = ({ subtitles }: Reading) => subtitles[0]?.[0]?.begins;
  return [picture, text].some((origin) => {
    const [a, b] = [origin(ours), origin(source)];
    if (a === undefined || b === undefined) return false;
    return chapterDifferences(ours.chapters, source.chapters, [a, b]).length === 0;
  });
}

const COLOURS = ["color_space", "color_transfer", "color_primaries"];

/** What colours and side data say in ours and in the source, and plain ffmpeg loses, is nothing to hold against ours. */
function withSideDataOf(source: readonly StreamFacts[], ours: Reading, plain: Reading): Reading {
  const video = ours.streams.find(({ type }) => type === "video")?.facts ?? {};
  const said = source.filter(({ type }) => type === "video").map(({ facts }) => facts);
  const kept = Object.entries(video).filter(
    ([name, value]) => value.startsWith("{") && said.some((facts) => facts[name] === value),
  );
  const colours = COLOURS.filter((name) => said.some((facts) => facts[name] === video[name]));
  const streams = plain.streams.map((stream) => {
    if (stream.type !== "video") return stream;
    const unsaid = colours.filter((name) => stream.facts[name] === "unknown").map((name) => [name, video[name] ?? ""]);
    return { ...stream, facts: { ...Object.fromEntries(kept), ...stream.facts, ...Object.fromEntries(unsaid) } };
  });
  return { ...plain, streams };
}

/** Those of the source; where ours says its light, with what the first picture says of it. */
async function sourceStreams(tools: Tools, source: string, ours: Reading): Promise<StreamFacts[]> {
  const { streams } = await streamsOf(tools, source);
  const isLit = ours.streams.some(({ facts }) => Object.keys(facts).some((name) => /light|mastering/i.test(name)));
  if (!isLit) return streams;
  const light = await lightOf(tools, source);
  return streams.map((stream) =>
    stream.type === "video" ? { ...stream, facts: { ...light, ...stream.facts } } : stream,
  );
}

async function judge(tools: Tools, held: Held, proof: Proof, plainPath: string): Promise<Verdict> {
  const params = wordsOf(held.params);
  const whole = await readingOf(tools, held.output);
  const ours = withoutEmptyTracks(whole);
  const { source, plainInputArgs: inputArgs = [] } = held;
  const asked = wordsOf(held.plainParams ?? held.params);
  const sources = await sourceStreams(tools, source, ours);
  const kept = keptOf(proof, sources);
  const codecs = codecsOf(whole);
  let job: PlainJob = { source, params: asked, output: plainPath, kept, codecs, inputArgs, streams: sources };
  let { exitCode, stderr } = await runPlain(tools, job);
  if (exitCode !== 0) return { kind: "exact", notes: [`plain ffmpeg fails: ${stderr.trim().slice(-200)}`] };
  let plain = withSideDataOf(sources, ours, withoutEmptyTracks(await readingOf(tools, plainPath)));
  const told = toldToKeepRange(tools, asked, sources, ours, plain);
  if (told !== null) {
    job = { ...job, params: told.params };
    ({ exitCode, stderr } = await runPlain(tools, job));
    if (exitCode !== 0)
      return { kind: "WRONG", differences: [`plain ffmpeg fails told to keep full range: ${stderr}`] };
    const reading = withRange(await readingOf(tools, plainPath), told.range);
    plain = withSideDataOf(sources, ours, withoutEmptyTracks(reading));
  }
  const rules = { isLossless: isLossless(held.params) };
  let differences = [...differencesBetween(ours, plain, rules), ...leftOutProblems(proof, params, plain)];
  if (differences.length > 0 && stderr !== "") {
    const [first] = pictureDifferences(ours.pictures, plain.pictures, rules);
    const isUndecided = async () =>
      isCutOffPicture(first ?? "", plain, stderr) || (await isUnsettled(tools, job, ours, plain));
    if (first?.includes("are others") && (await isUndecided())) {
      differences = differences.filter((difference) => difference !== first);
    }
  }
  differences = await withoutEncodersOwn(tools, job, ours, differences);
  differences = await withoutFalseJumps(tools, job, ours, differences, rules);
  differences = await withoutGuesses(tools, source, [ours, plain], differences);
  const files = [
    { path: held.output, reading: ours },
    { path: plainPath, reading: plain },
  ] as const;
  differences = await withoutDecodersOwn(tools, ...files, differences);
  const isSound = (difference: string) => /^sound \d/.test(difference);
  if (differences.some(isSound) && (await isWhereTheSourceIs(tools, held, whole, kept))) {
    differences = differences.filter((difference) => !isSound(difference));
  }
  const isOther = (difference: string) => /^sound \d+ at .* another sound/.test(difference);
  if (differences.some(isOther) && (await isSoundUnsettled(tools, job, plain))) {
    differences = differences.filter((difference) => !isOther(difference));
  }
  const isEvent = (difference: string) =>
    /^subtitles \d+: (event \d+ (begins|ends)|\d+ events where plain) /.test(difference);
  const areLost = differences.some((difference) => / events where plain /.test(difference));
  const areInTime = async () =>
    (await areEventsTheSources(tools, held, ours, areLost)) || (await areEventsHanded(tools, job, ours));
  if (differences.some(isEvent) && (await areInTime())) {
    differences = differences.filter((difference) => !isEvent(difference));
  }
  const isChapter = (difference: string) => /^chapter \d+ begins /.test(difference);
  const areRight = async () =>
    (await areChaptersTheSources(tools, held, ours)) || (await areChaptersHanded(tools, job, ours));
  if (differences.some(isChapter) && (await areRight())) {
    differences = differences.filter((difference) => !isChapter(difference));
  }
  const isCount = (difference: string) => /^\d+ chapters where plain /.test(difference);
  if (differences.some(isCount) && (await areChaptersTheSources(tools, held, ours))) {
    differences = differences.filter((difference) => !isCount(difference));
  }
  differences = differences.filter((one) => !TAKEN_FOR_GRANTED.test(one));
  if (proof.notes.some((note) => HDR10_NAMED_AS_LOST.test(note))) {
    differences = differences.filter((one) => !HDR10_LOST.test(one));
  }
  if (differences.some((one) => UNSAID_RANGE.test(one)) && !isRangeSaid(sources)) {
    differences = differences.filter((one) => !UNSAID_RANGE.test(one));
  }
  if (differences.length > 0) return { kind: "WRONG", differences };
  if (!proof.exact) {
    const unmet = proof.checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name} (${detail ?? ""})`);
    return { kind: "failed", reason: `right, but not proven: ${unmet.join("; ")}`, isPlainWorking: true };
  }
  const leftOut = proof.streams.left_out.map(({ index, type, reason }) => `${type} ${index} left out: ${reason}`);
  return { kind: "exact", notes: [...proof.notes, ...leftOut] };
}

/** Whether plain ffmpeg makes a file with a picture in it, which ffmpeg can read. */
async function isWorking(tools: Tools, job: PlainJob): Promise<boolean> {
  try {
    const { exitCode } = await runPlain(tools, job);
    return exitCode === 0 && (await readingOf(tools, job.output)).pictures.md5.length > 0;
  } catch {
    return false; // the source, or what is made of it, can't even be looked at
  }
}

/** ffmpeg's words without the addresses of its parts. */
const SAID = /\[[a-z0-9_#:/]+(?: @ 0x[0-9a-f]+)?\] ([^|\n]+)/g;
const UNSTEADY_ROUNDS = 16;

/**
 * Whether plain ffmpeg, given the sound alone, works in some runs and in others fails with the words that the job failed
 * with: 7.0 and 7.1 decode AAC whose layout changes into memory that nobody wrote, and the encoder refuses what it holds by
 * chance (in 7 of 12 runs).
 */
async function isUnsteady(tools: Tools, whole: PlainJob, reason: string): Promise<boolean> {
  if (!reason.includes("the audio could not be encoded")) return false;
  const job = { ...whole, params: [...whole.params, "-vn"] };
  const words = [...reason.matchAll(SAID)].map(([, said = ""]) => said.trim());
  let works = false;
  let fails = false;
  for (let round = 0; round < UNSTEADY_ROUNDS && !(works && fails); round += 1) {
    const { exitCode, stderr } = await runPlain(tools, job);
    if (exitCode === 0) works = true;
    else fails ||= words[0] !== undefined && stderr.includes(words[0]);
  }
  return works && fails;
}

/** Runs the job and plain ffmpeg, and compares. The job's output stays; the plain one's does not. */
export async function verdictOf(cluster: Cluster, tools: Tools, held: Held): Promise<Verdict> {
  const plainPath = held.output.replace(/(\.\w+)$/, "-plain$1");
  const ending = await endOf(cluster, held);
  try {
    if (ending.kind === "completed") return await judge(tools, held, ending.proof, plainPath);
    const { source, plainInputArgs: inputArgs = [] } = held;
    const params = wordsOf(held.plainParams ?? held.params);
    const job = { source, params, output: plainPath, kept: null, codecs: NONE, inputArgs };
    if (ending.kind === "failed" && (await isUnsteady(tools, job, ending.reason)))
      return { kind: "refused", reason: ending.reason, isPlainWorking: false };
    return { ...ending, isPlainWorking: await isWorking(tools, job) };
  } finally {
    await rm(plainPath, { force: true });
  }
}
