// What every file of one run over a library is encoded with.
import { chmod, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ApiClient } from "../../api/client.ts";
import type { JobView } from "../../api/contract.ts";
import { errnoOf } from "../../base/errors.ts";
import type { CommandContext } from "../cli/command.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";
import type { SubmitOptions } from "../submitting/options.ts";
import type { ReadFacts } from "../wiring/source-facts.ts";
import type { Turns } from "./in-parallel.ts";
import type { LibraryEntry, LibraryResult } from "./library-state.ts";

export interface LibraryRun {
  readonly client: ApiClient;
  readonly context: CommandContext;
  readonly given: SubmitOptions;
  /** Of a folder that is watched: each content is encoded once, and what failed is not tried again. */
  readonly isWatch: boolean;
  /** What is asked, as a digest. */
  readonly request: string;
  /** The codec that the request makes. */
  readonly madeCodec: string;
  /** Null: no rule needs it. */
  readonly readFacts: ReadFacts | null;
  /** For what reads the whole source: few at a time. */
  readonly placing: Turns;
  /** Sources whose content is being encoded in this run, by its digest. */
  readonly contents: Map<string, string>;
  readonly display: ProgressDisplay;
  readonly onJob: (source: string, job: JobView) => void;
  /** The user's own, while this process has another one; null: it has the user's. */
  readonly umask: number | null;
}

/** A file that is known and has its job. */
export interface Begun {
  readonly entry: LibraryEntry;
  readonly job: JobView;
}

export interface FileFacts {
  readonly size: number;
  readonly mtimeMs: number;
}

/** Null: there is nothing. */
export async function factsOf(path: string): Promise<FileFacts | null> {
  try {
    return await stat(path);
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT" || errnoOf(thrown) === "ENOTDIR") return null;
    throw thrown;
  }
}

/** Nobody has touched it since. */
export function isResult(existing: FileFacts | null, result: LibraryResult | null): boolean {
  return existing !== null && existing.size === result?.bytes && existing.mtimeMs === result.mtime_ms;
}

/** Makes what is missing of a folder, with the rights that the user's umask gives. */
export async function makeFolder(folder: string, { umask }: LibraryRun): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined || umask === null) return;
  for (let path = folder; path.length >= first.length; path = dirname(path)) await chmod(path, 0o777 & ~umask);
}
