// Keeps what the slot tuner has learnt in a small file between runs.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { errnoOf } from "../../../base/errors.ts";
import { writeFileDurably } from "../../../base/files.ts";
import type { Log } from "../../../base/log.ts";
import type { Learnt } from "./slot-tuner.ts";

export interface LearntSlots {
  get(kind: string): Learnt | null;
  keep(kind: string, learnt: Learnt): void;
  /** Resolves once everything is on disk, or writing it has failed. */
  written(): Promise<void>;
}

export interface LearntSlotsOptions {
  readonly path: string;
  /** The numbers are valid only for this machine and ffmpeg. */
  readonly machine: { readonly cores: number; readonly ffmpeg: string };
  readonly log: Log;
  readonly now?: () => number;
}

/** As long as the encoder report: a machine may change in ways that the key does not show. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

const learntSchema = z.object({
  slots: z.number().int().min(1).max(1024),
  refused: z.array(z.number().int().min(1).max(1025)).max(1024),
  fps: z.record(z.string().regex(/^\d{1,4}$/), z.number().positive()),
  learntAt: z.iso.datetime(),
});
const fileSchema = z.record(z.string(), learntSchema);
type Kept = z.infer<typeof fileSchema>;

/** A file that can't be read counts as empty: it is logged and overwritten. */
export async function openLearntSlots(options: LearntSlotsOptions): Promise<LearntSlots> {
  const { path, log, machine } = options;
  const now = options.now ?? Date.now;
  const kept = await read(path, log);
  for (const [key, { learntAt }] of Object.entries(kept)) if (now() - Date.parse(learntAt) > KEPT_MS) delete kept[key];
  const keyOf = (kind: string) => `${machine.cores} cores, ffmpeg ${machine.ffmpeg}, ${kind}`;
  let written: Promise<void> = Promise.resolve();
  const write = async () => {
    try {
      await writeFileDurably(path, `${JSON.stringify(kept, null, 2)}\n`);
    } catch (thrown) {
      log.warn("what was learnt about slots could not be kept", { path, error: String(thrown) });
    }
  };
  return {
    get(kind) {
      const found = kept[keyOf(kind)];
      return found === undefined ? null : { slots: found.slots, refused: found.refused, fps: found.fps };
    },
    keep(kind, learnt) {
      const { slots, refused, fps } = learnt;
      const learntAt = new Date(now()).toISOString();
      kept[keyOf(kind)] = { slots, refused: [...refused], fps: { ...fps }, learntAt };
      written = written.then(write);
    },
    written: () => written,
  };
}

async function read(path: string, log: Log): Promise<Kept> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") log.warn("what was learnt about slots can't be read", { error: String(thrown) });
    return {};
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError || thrown instanceof z.ZodError)) throw thrown;
    log.warn("what was learnt about slots is not readable; it is measured again", { path });
    return {};
  }
}
