// Which encoder a client would use for a job, how fast it probably is until it is measured, and which of the client's
// slots it takes. Pure questions; election.ts elects.

import type { Release } from "../../../media/ffmpeg/releases.ts";
import { HARDWARE_FAMILIES } from "../../../media/model/encoder-family.ts";
import type { ReleaseRange } from "../../../media/plan/alike-releases.ts";
import type { Client } from "../model/client.ts";
import type { JobId } from "../model/ids.ts";
import type { Job, JobSettings } from "../model/job.ts";
import { rendersAlike } from "./text-rendering.ts";

const HARDWARE: ReadonlySet<string> = new Set(HARDWARE_FAMILIES);

/** Encoders of one pool share slots: the CPU, or the devices of one hardware family. Read from the encoder's name. */
export function poolOf(encoder: string): string {
  if (encoder.startsWith("lib")) return "software"; // the fast path: asked for every client in every decision
  const family = encoder.slice(encoder.lastIndexOf("_") + 1);
  return HARDWARE.has(family) && family !== encoder ? family : "software";
}

/** Encodes at a time with this encoder. A client without pools has one number for everything. */
export function slotsFor(client: Client, encoder: string): number {
  return client.pools?.[poolOf(encoder)] ?? client.slots;
}

/**
 * Pixels per second of one slot, for clients that were not measured yet. Orders of magnitude are enough: families differ
 * by factors. Software: 1080p on one core at medium speed (x264 12 frames per
 * second, x265 3, SVT-AV1 preset 8 8, libvpx 3, libaom 1). Hardware: half of what one unit does at 1080p with two
 * encodes at a time (NVIDIA's NVENC application note: several hundred frames per second; the others about half).
 */
const ROUGH_PIXEL_RATES: Readonly<Record<string, number>> = {
  libx264: 25e6,
  libx265: 6e6,
  libsvtav1: 16e6,
  "libvpx-vp9": 6e6,
  "libaom-av1": 2e6,
  nvenc: 400e6,
  qsv: 250e6,
  amf: 250e6,
  videotoolbox: 250e6,
  vaapi: 200e6,
};

/** Pixels per second of the whole client with this encoder: as measured, else by the table. */
export function pixelRateOf(client: Client, encoder: string): number {
  return (client.encoderRates?.[encoder] ?? roughPixelRate(encoder)) * slotsFor(client, encoder);
}

/** Pixels per second of one slot by the table. */
export function roughPixelRate(encoder: string): number {
  return ROUGH_PIXEL_RATES[encoder] ?? ROUGH_PIXEL_RATES[poolOf(encoder)] ?? 10e6;
}

/** Both encoders take slots of the same pool. */
export function shareSlots(one: string, other: string): boolean {
  return one === other || poolOf(one) === poolOf(other);
}

/** The client has proven the encoder for pictures like these, renders text like the others, and was not found unfit for the job. */
export function canUse(client: Client, job: Job, encoder: string): boolean {
  if (!client.encoders.includes(encoder) || !rendersAlike(client, job)) return false;
  if (job.unfit?.some((unfit) => unfit.clientId === client.id && unfit.encoder === encoder)) return false;
  return lackFor(client, job) === null && tooMuchFor(client, job, encoder) === null;
}

function isBefore(a: Release, b: Release): boolean {
  return a.major < b.major || (a.major === b.major && a.minor < b.minor);
}

function isWithin(release: Release, { from, before }: ReleaseRange): boolean {
  return !isBefore(release, from) && (before === null || isBefore(release, before));
}

/** What the job needs besides an encoder and the client's ffmpeg lacks, in words; null: nothing, as far as is known. */
export function lackFor({ ffmpeg, release, decodes, filters }: Client, { settings }: Job): string | null {
  const { needs } = settings;
  if (needs === undefined) return null;
  if (decodes?.includes(needs.codec) === false) return `its ffmpeg ${ffmpeg} cannot decode ${needs.codec}`;
  const { releases } = needs;
  if (releases !== undefined && release !== undefined && !isWithin(release, releases))
    return `its ffmpeg ${ffmpeg} ${releases.others}`;
  const missing = filters === undefined ? undefined : needs.filters.find((name) => !filters.includes(name));
  return missing === undefined ? null : `its ffmpeg ${ffmpeg} has no filter ${missing}`;
}

/** Why the client's device or build cannot take the job's pictures; null: it can, or its limits are not known. */
export function tooMuchFor(
  client: Client,
  { settings: { picture } }: { readonly settings: Pick<JobSettings, "picture"> },
  encoder: string,
): string | null {
  const limits = client.limits?.[encoder];
  if (picture === undefined) return null;
  const { format } = picture;
  const formats = client.pixelFormats?.[encoder];
  if (format !== undefined && formats?.some((own) => own.replace(/^yuvj/, "yuv") === format) === false)
    return `the ${encoder} of its ffmpeg ${client.ffmpeg} has no ${format}`;
  if (limits === undefined) return null;
  if (picture.isDeep && !limits.isDeep) return `its ${encoder} has no 10 bits`;
  if (picture.width > limits.width || picture.height > limits.height) {
    return `its ${encoder} ends at ${limits.width}x${limits.height}`;
  }
  return null;
}

/** Compares measurements only when both are measured, else the table: a client must not change encoders in mid-job for less. */
function isFaster(client: Client, one: string, other: string): boolean {
  const { encoderRates: rates } = client;
  if (rates?.[one] !== undefined && rates[other] !== undefined)
    return pixelRateOf(client, one) > pixelRateOf(client, other);
  return roughPixelRate(one) * slotsFor(client, one) > roughPixelRate(other) * slotsFor(client, other);
}

interface Found extends Pick<Job, "settings" | "encoder"> {
  readonly unfit: Job["unfit"];
  readonly answer: string | null;
}

/** Of a client as it is, by job: it is asked for all clients in every decision, and what it depends on seldom changes. */
const found = new WeakMap<Client, Map<JobId, Found>>();

/** The encoder this client would use: the job's, or its own fastest with --allow-mixed. Null: none. */
export function encoderFor(client: Client, job: Job): string | null {
  if (job.text !== undefined) return findEncoder(client, job);
  const ofClient = found.get(client) ?? new Map<JobId, Found>();
  const known = ofClient.get(job.id);
  const { settings, encoder, unfit } = job;
  if (known?.settings === settings && known.encoder === encoder && known.unfit === unfit) return known.answer;
  const answer = findEncoder(client, job);
  ofClient.set(job.id, { settings, encoder, unfit, answer });
  found.set(client, ofClient);
  return answer;
}

function findEncoder(client: Client, job: Job): string | null {
  const { election } = job.settings;
  if (election === undefined || !election.allowMixed) return canUse(client, job, job.encoder) ? job.encoder : null;
  let best: string | null = null;
  for (const { encoder } of election.candidates) {
    if (canUse(client, job, encoder) && (best === null || isFaster(client, encoder, best))) best = encoder;
  }
  return best;
}
