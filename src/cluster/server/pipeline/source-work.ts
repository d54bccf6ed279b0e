// What the stitch and the final checks need from a job's source alone. Each thing is made while clients encode, once in each
// run of the server, on the first call. Knows nothing of segments or of the output.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exists, writeFileDurably } from "../../../base/files.ts";
import { Once } from "../../../base/once.ts";
import { MICROSECONDS, rescale } from "../../../base/rational.ts";
import type { DecodedLengths } from "../../../media/audio/audio-length.ts";
import { soundLengths } from "../../../media/audio/audio-length.ts";
import { audioFiles, encodeAudio } from "../../../media/audio/encode-audio.ts";
import { findSilent, type Silent } from "../../../media/audio/silent-tracks.ts";
import { type Beginnings, streamBeginnings } from "../../../media/audio/stream-beginnings.ts";
import { tryCopies, type Uncopied } from "../../../media/audio/try-copies.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import { hasTracks, readTrackPackets, type TrackPackets } from "../../../media/index/track-packets.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import {
  audioToEncode,
  encodedInstead,
  leftOutOf,
  planStreams,
  type StreamPlan,
} from "../../../media/plan/stream-plan.ts";
import { type OutputClock, readOutputClock } from "../../../media/stitch/output-clock.ts";
import { type Extras, readSourceExtras } from "../../../media/verify/extras/check-extras.ts";
import { decodeSourceSound, type SoundSample } from "../../../media/verify/sound/check-sound.ts";
import type { JobFolder } from "../job/job-folders.ts";
import type { JobRecord } from "../job/job-record.ts";

export interface SourceWorkParts {
  readonly tools: Tools;
  readonly record: JobRecord;
  readonly folder: JobFolder;
  readonly signal: AbortSignal;
  /** Where the source is read. */
  readonly sourcePath: () => Promise<string>;
  /** The complete index. */
  readonly index: () => Promise<FrameIndex>;
  /** Sound and subtitle packets that the complete index counted; null: it read a remuxed file. */
  readonly indexedTracks: () => ReadonlyMap<number, TrackPackets> | null;
}

const soundNotesSchema = z.array(z.string());

export class SourceWork {
  readonly #parts: SourceWorkParts;
  readonly #beginnings = new Once(() => this.#readBeginnings());
  readonly #silent = new Once(() => this.#findSilent());
  readonly #uncopied = new Once(() => this.#tryCopies());
  readonly #prepared = new Once(() => this.#prepare());
  readonly #tracks = new Once(() => this.#readTracks());
  readonly #sound = new Once(() => this.#decodeSound());
  readonly #extras = new Once(() => this.#readExtras());
  readonly #lengths = new Once(() => this.#measureLengths());
  readonly #clock = new Once(() => this.#readClock());
  /** Set when this run of the server has encoded the sound. */
  #measured: ReadonlyMap<number, DecodedLengths> | null = null;

  constructor(parts: SourceWorkParts) {
    this.#parts = parts;
  }

  /** Sound that can't be copied as planned. Errors: those of tryCopies. */
  uncopied(): Promise<Uncopied> {
    return this.#uncopied.get();
  }

  /**
   * What becomes of each stream, once it is known which tracks are empty and which can be copied. The video's encoder does
   * not change the plan of the other tracks.
   */
  async plan(request = this.#parts.record.request): Promise<StreamPlan> {
    const { indexes } = await this.uncopied();
    return encodedInstead(await this.#heard(request), indexes);
  }

  /** Makes everything that needs no encoded sound, one thing after another; later calls do nothing. */
  prepare(): Promise<void> {
    return this.#prepared.get();
  }

  /** Encodes the sound that can't be copied, one file for each track; every call encodes again. */
  async encodeAudio(): Promise<readonly string[]> {
    const { tools, record, folder, signal } = this.#parts;
    const plan = await this.plan();
    const options = { workDir: folder.audio, signal };
    const { files, lengths, notes } = await encodeAudio(
      tools,
      await this.#parts.sourcePath(),
      record.info,
      plan,
      options,
    );
    this.#measured = lengths;
    if (notes.length > 0) await writeFileDurably(this.#notesFile(), JSON.stringify(notes));
    return files;
  }

  /** What became of the sound's loudness, for the proof; an earlier run of the server may have encoded it. */
  async soundNotes(): Promise<readonly string[]> {
    const file = this.#notesFile();
    if (!(await exists(file))) return [];
    return soundNotesSchema.parse(JSON.parse(await readFile(file, "utf8")));
  }

  #notesFile(): string {
    return join(this.#parts.folder.audio, "loudness.json");
  }

  /** The files of `encodeAudio`, encoded again if one is gone. They appear by rename, so a file that exists is complete. */
  async audio(): Promise<readonly string[]> {
    const files = audioFiles(await this.plan(), this.#parts.folder.audio);
    const areThere = await Promise.all(files.map(exists));
    return areThere.every((isThere) => isThere) ? files : await this.encodeAudio();
  }

  /** Packets of sound and subtitles, by stream index. Errors: E_INDEX. */
  tracks(): Promise<ReadonlyMap<number, TrackPackets>> {
    return this.#tracks.get();
  }

  /** The decoded beginning and end of each sound track. */
  sound(): Promise<readonly SoundSample[]> {
    return this.#sound.get();
  }

  /** Attached files, cover art, chapters; null: none are kept. */
  extras(): Promise<Extras | null> {
    return this.#extras.get();
  }

  /** The decoded length of the encoded sound, and of the tracks that it was made from. */
  lengths(): Promise<ReadonlyMap<number, DecodedLengths>> {
    return this.#lengths.get();
  }

  /** The output's clock, relative to the source's. */
  clock(): Promise<OutputClock> {
    return this.#clock.get();
  }

  async #prepare(): Promise<void> {
    await this.sound();
    await this.extras();
    if (audioToEncode(await this.plan()).length === 0) await this.clock();
  }

  /** The plan by the headers, without the tracks that are empty. */
  async #heard(request: EncodeRequest): Promise<StreamPlan> {
    const { info, container } = this.#parts.record;
    return leftOutOf(planStreams(info, request, container), await this.#silent.get());
  }

  async #readBeginnings(): Promise<Beginnings> {
    const { tools, record, signal } = this.#parts;
    return await streamBeginnings(tools, await this.#parts.sourcePath(), record.info.formatName, signal);
  }

  async #findSilent(): Promise<Silent> {
    const { tools, record, signal, indexedTracks } = this.#parts;
    const { info, request, container } = record;
    const path = await this.#parts.sourcePath();
    const beginnings = () => this.#beginnings.get();
    const file = { path, info, counted: indexedTracks(), tracks: () => this.tracks(), beginnings };
    return await findSilent(tools, file, planStreams(info, request, container), signal);
  }

  async #tryCopies(): Promise<Uncopied> {
    const { tools, record, signal } = this.#parts;
    const { info, request } = record;
    return await tryCopies(
      tools,
      { path: await this.#parts.sourcePath(), info },
      request,
      await this.#heard(request),
      signal,
    );
  }

  async #readTracks(): Promise<ReadonlyMap<number, TrackPackets>> {
    const { tools, record, signal } = this.#parts;
    const { info } = record;
    if (!hasTracks(info)) return new Map();
    await this.#parts.index();
    return (
      this.#parts.indexedTracks() ??
      (await readTrackPackets(tools, { path: await this.#parts.sourcePath(), info }, signal))
    );
  }

  async #decodeSound(): Promise<readonly SoundSample[]> {
    const { tools, record, folder, signal } = this.#parts;
    const { info } = record;
    const sourceEnds = await this.tracks();
    const { firstPts } = await this.#parts.index();
    const firstFrameUs = rescale(firstPts ?? 0, info.video.timeBase, MICROSECONDS);
    const asked = {
      info,
      plan: await this.plan(),
      sourcePath: await this.#parts.sourcePath(),
      sourceEnds,
      firstFrameUs,
      signal,
      nice: true,
    };
    return await decodeSourceSound(tools, asked, folder.root);
  }

  async #readExtras(): Promise<Extras | null> {
    const { tools, record, signal } = this.#parts;
    const { info } = record;
    return await readSourceExtras(
      tools,
      { path: await this.#parts.sourcePath(), info, plan: await this.plan() },
      signal,
    );
  }

  async #measureLengths(): Promise<ReadonlyMap<number, DecodedLengths>> {
    const { tools, record, signal } = this.#parts;
    const { info } = record;
    const audioPaths = await this.audio();
    if (this.#measured !== null) return this.#measured;
    return await soundLengths(
      tools,
      { info, plan: await this.plan(), sourcePath: await this.#parts.sourcePath(), audioPaths },
      signal,
    );
  }

  async #readClock(): Promise<OutputClock> {
    const { tools, record, folder, signal } = this.#parts;
    const { info } = record;
    const audioPaths = await this.audio();
    const sourceTracks = await this.tracks();
    const files = { sourcePath: await this.#parts.sourcePath(), audioPaths, workDir: folder.root };
    const beginnings = () => this.#beginnings.get();
    return await readOutputClock(tools, { info, plan: await this.plan(), sourceTracks, beginnings, ...files, signal });
  }
}
