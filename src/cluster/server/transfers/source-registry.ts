// The sources that have no job yet: uploaded (source-uploads.ts), read in place after the submitter has proved to read the
// same bytes, or named below a media root. In memory only.
import { realpath, rm, stat } from "node:fs/promises";
import { basename, isAbsolute, resolve } from "node:path";
import { sha256OfOpen } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { newId } from "../../../base/ids.ts";
import { liesAt, type OpenRegular, openRegular } from "../../../base/open-regular.ts";
import type { Principal } from "../../protocol/roles.ts";
import type { SourceRecord } from "../job/job-record.ts";
import { isWithin, leadsOutside } from "./below-folder.ts";

const CHALLENGE_RANGES = 8;
const CHALLENGE_BYTES = 64 * 1024;
const CHALLENGES_OPEN = 100;
/** Without a job. */
const MOST_SOURCES = 1000;

/** Ranges of the source whose digests a submitter must give to prove that it reads the same file. */
interface LocalChallenge {
  readonly challengeId: string;
  readonly ranges: readonly { readonly start: number; readonly length: number }[];
}

interface OpenChallenge {
  readonly path: string;
  readonly realPath: string;
  readonly ranges: LocalChallenge["ranges"];
}

export interface SourceRegistryOptions {
  readonly mediaRoots: readonly string[];
  readonly blockBytes: number;
}

export class SourceRegistry {
  readonly #options: SourceRegistryOptions;
  readonly #sources = new Map<string, SourceRecord>();
  /** When each source was registered, on the monotonic clock. */
  readonly #registeredAt = new Map<string, number>();
  #arriving = 0;
  readonly #challenges = new Map<string, OpenChallenge>();

  constructor(options: SourceRegistryOptions) {
    this.#options = options;
  }

  get(sourceId: string): SourceRecord {
    const source = this.#sources.get(sourceId);
    if (source === undefined) throw unknownSource(sourceId);
    return source;
  }

  /** The same for who may use it: `submit` uses only its own. */
  getOf(who: Principal, sourceId: string): SourceRecord {
    const source = this.get(sourceId);
    if (who.role === "submit" && source.owner !== who.tokenId) throw unknownSource(sourceId);
    return source;
  }

  find(sourceId: string): SourceRecord | undefined {
    return this.#sources.get(sourceId);
  }

  /** The source now belongs to a job. */
  forget(sourceId: string): void {
    this.#sources.delete(sourceId);
    this.#registeredAt.delete(sourceId);
  }

  /** Forgets sources that got no job within this time, and deletes those that were uploaded. */
  async expire(afterMs: number): Promise<void> {
    for (const source of [...this.#sources.values()]) {
      const registeredAt = this.#registeredAt.get(source.sourceId) ?? performance.now();
      if (performance.now() - registeredAt >= afterMs) await this.discard(source);
    }
  }

  /** Removes a source that was refused, and its file if it was uploaded. */
  async discard(source: SourceRecord): Promise<void> {
    this.#sources.delete(source.sourceId);
    this.#registeredAt.delete(source.sourceId);
    if (source.kind === "uploaded") await rm(source.path, { force: true });
  }

  /** Registers a complete upload. */
  async takeUploaded(name: string, path: string, sourceId: string, owner?: string): Promise<SourceRecord> {
    await using file = await openRegular(path);
    if (file === null) throw noFile(name);
    return await this.#register(file, { name, path, kind: "uploaded", ...ownedBy(owner) }, sourceId);
  }

  /**
   * Picks ranges of a file that the submitter claims to see under the same path. A file that the server can't read and one
   * with another size or time get the same answer, so that a submitter learns nothing of files that it can't read.
   */
  async challenge(path: string, bytes: number, mtimeMs: number): Promise<LocalChallenge> {
    const unseen = new AppError("E_SOURCE_MISSING", "the server does not see this file", "Upload it instead.");
    if (!isAbsolute(path)) throw unseen;
    const realPath = await realpath(path).catch(() => null);
    const facts = realPath === null ? null : await stat(realPath).catch(() => null);
    if (
      realPath === null ||
      facts === null ||
      !facts.isFile() ||
      facts.size !== bytes ||
      Math.abs(facts.mtimeMs - mtimeMs) > 1
    )
      throw unseen;
    if (this.#challenges.size >= CHALLENGES_OPEN) this.#challenges.clear();
    const challengeId = newId();
    const ranges = pickRanges(bytes);
    this.#challenges.set(challengeId, { path, realPath, ranges });
    return { challengeId, ranges };
  }

  async prove(challengeId: string, digests: readonly string[], owner?: string): Promise<SourceRecord> {
    const challenge = this.#challenges.get(challengeId);
    this.#challenges.delete(challengeId);
    if (challenge === undefined) throw new AppError("E_UNKNOWN_ID", "no such challenge", "Ask for a new one.");
    const { path, realPath, ranges } = challenge;
    const other = new AppError("E_FORBIDDEN", "the file on the server is not the one you read", "Upload it instead.");
    // Null when the server may not read it, or when it is gone by now.
    await using file = await openRegular(realPath).catch(() => null);
    if (file === null || !(await liesAt(file.handle, realPath))) throw other;
    for (const [index, range] of ranges.entries()) {
      const digest = await sha256OfOpen(file.handle, range.start, range.length).catch(() => null);
      if (digest === null || digests[index] !== digest) throw other;
    }
    return await this.#register(file, {
      name: basename(path),
      path,
      kind: "local",
      realPath,
      ...ownedBy(owner),
    });
  }

  async openServerSource(path: string, owner?: string): Promise<SourceRecord> {
    const [anyRoot] = this.#options.mediaRoots;
    if (anyRoot === undefined) {
      throw new AppError(
        "E_NO_MEDIA_ROOT",
        "this server has no media root",
        "Start it with `ffcluster serve --media-root FOLDER` to allow files below FOLDER.",
      );
    }
    const found = await this.#findBelowRoots(path);
    await using file = await openRegular(found).catch(() => null);
    if (file === null || !(await liesAt(file.handle, found))) throw noFile(basename(found));
    return await this.#register(file, {
      name: basename(found),
      path: found,
      kind: "media-root",
      realPath: found,
      ...ownedBy(owner),
    });
  }

  async #findBelowRoots(path: string): Promise<string> {
    let areOutside = true;
    for (const root of this.#options.mediaRoots) {
      const realRoot = await realpath(root).catch(() => null);
      if (realRoot === null) continue;
      const wanted = resolve(realRoot, path);
      const real = await realpath(wanted).catch(() => null);
      if (real !== null && real !== realRoot && isWithin(realRoot, real)) return real;
      if (!(await leadsOutside(realRoot, wanted))) areOutside = false;
    }
    const roots = this.#options.mediaRoots;
    if (areOutside) {
      throw new AppError(
        "E_OUTSIDE_MEDIA_ROOT",
        `${path} lies outside the media roots`,
        `Name a file below ${roots.join(" or ")}.`,
      );
    }
    throw new AppError(
      "E_SOURCE_MISSING",
      `the server has no file ${path}`,
      `The server looks for files below ${roots.join(" and ")}.`,
    );
  }

  async #register(
    { handle, facts }: OpenRegular,
    about: Pick<SourceRecord, "name" | "path" | "kind" | "realPath" | "owner">,
    sourceId = newId(),
  ): Promise<SourceRecord> {
    if (facts.size === 0) throw emptySource(about.name);
    if (this.#sources.size + this.#arriving >= MOST_SOURCES) {
      const hint = "Make jobs of them; a source without a job is forgotten after an hour.";
      throw new AppError("E_BUSY", `${MOST_SOURCES} sources wait for their job`, hint, { retry: true });
    }
    this.#arriving += 1; // before the first await: several that come at once are all counted
    try {
      const { blockBytes } = this.#options;
      const lastStart = Math.floor((facts.size - 1) / blockBytes) * blockBytes;
      const source: SourceRecord = {
        sourceId,
        ...about,
        bytes: facts.size,
        mtimeMs: facts.mtimeMs,
        firstBlockSha256: await sha256OfOpen(handle, 0, Math.min(blockBytes, facts.size)),
        lastBlockSha256: await sha256OfOpen(handle, lastStart, facts.size - lastStart),
      };
      this.#sources.set(sourceId, source);
      this.#registeredAt.set(sourceId, performance.now());
      return source;
    } finally {
      this.#arriving -= 1;
    }
  }
}

function unknownSource(sourceId: string): AppError {
  return new AppError(
    "E_UNKNOWN_ID",
    `no source with id ${sourceId}`,
    "Submit the file again: a source makes only one job, and is kept for an hour.",
  );
}

function ownedBy(owner: string | undefined): Pick<SourceRecord, "owner"> {
  return owner === undefined ? {} : { owner };
}

/** The beginning, the end, and places that the submitter can't predict. */
function pickRanges(bytes: number): { start: number; length: number }[] {
  const length = Math.min(CHALLENGE_BYTES, bytes);
  const room = bytes - length;
  const random = crypto.getRandomValues(new Uint32Array(CHALLENGE_RANGES - 2));
  const starts = [0, room, ...[...random].map((value) => Math.floor((value / 2 ** 32) * room))];
  return starts.map((start) => ({ start, length }));
}

function noFile(name: string): AppError {
  return new AppError("E_SOURCE_REFUSED", `${name} is not a file that the server can read`, "Name a video file.");
}

export function emptySource(name: string): AppError {
  return new AppError("E_SOURCE_EMPTY", `${name} is empty`, "Check the file: it has no bytes.");
}
