// ffmpeg.lock.json: which builds of ffmpeg may be installed on which platform, each archive pinned by its SHA-256. The first
// build of a platform is the one that is installed; the others stand in for it.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { decodeText, NotText } from "../base/config/decode-text.ts";
import { AppError, errnoOf } from "../base/errors.ts";
import { machineKind } from "../base/version.ts";
import { PLATFORMS, type Platform } from "./platform.ts";
import { isSafeUrl, urlOf } from "./urls.ts";

/** No archive of a build with all its encoders is larger than 130 MB. */
export const MOST_ARCHIVE_BYTES = 1024 ** 3;

/** A name in a folder or a URL; nothing that leads out of it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;

const archiveSchema = z
  .strictObject({
    url: z.string().max(2048),
    /** The name on a mirror; absent: the last part of the URL. */
    file: z.string().regex(NAME).optional(),
    layout: z.enum(["tar.xz", "tar.gz", "zip"]),
    /** Null: not known; what the server announces counts. */
    bytes: z.int().positive().max(MOST_ARCHIVE_BYTES).nullable(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected the 64 lower-case hex digits of a SHA-256"),
  })
  .refine(({ url }) => isSafeUrl(urlOf(url)), { path: ["url"], error: "expected https, or http on this machine" })
  .refine(({ url, file }) => file !== undefined || NAME.test(lastPart(url)), {
    path: ["file"],
    error: "the URL ends in no file name; give one here",
  })
  .transform(({ url, file, ...rest }) => ({ ...rest, url, file: file ?? lastPart(url) }));

const buildSchema = z.strictObject({
  /** One word for --source. */
  source: z.string().regex(NAME),
  version: z.string().regex(NAME),
  /** SPDX. */
  licence: z.string().min(1).max(64),
  /** Where the source code is. */
  source_code: z.string().max(2048),
  /** Together they hold ffmpeg and ffprobe. */
  archives: z.array(archiveSchema).min(1).max(4),
});

const lockSchema = z.strictObject({
  format: z.literal(1),
  platforms: z.partialRecord(z.enum(PLATFORMS), z.array(buildSchema).min(1).max(16)),
});

export type PinnedArchive = z.infer<typeof archiveSchema>;
export type PinnedBuild = z.infer<typeof buildSchema>;
export type FfmpegLock = z.infer<typeof lockSchema>;
export type Layout = PinnedArchive["layout"];

function lastPart(url: string): string {
  return urlOf(url)?.pathname.split("/").at(-1) ?? "";
}

/** Two archives of one name would be one file on a mirror. */
function nameOfTwo({ platforms }: FfmpegLock): string | null {
  const digests = new Map<string, string>();
  for (const { file, sha256 } of Object.values(platforms)
    .flat()
    .flatMap((build) => build.archives)) {
    if ((digests.get(file) ?? sha256) !== sha256) return file;
    digests.set(file, sha256);
  }
  return null;
}

/** `path` is for the message. Errors: E_BAD_OPTION. */
export function parseLock(document: unknown, path: string): FfmpegLock {
  const refuse = (what: string) =>
    new AppError("E_BAD_OPTION", `${path} is no lock file: ${what}`, "docs/INSTALL.md describes its form.");
  const parsed = lockSchema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refuse(`${issue?.path.join(".") || "the whole"}: ${issue?.message ?? "not understood"}`);
  }
  const twice = nameOfTwo(parsed.data);
  if (twice !== null) throw refuse(`two archives are named ${twice}; give each a "file" of its own`);
  return parsed.data;
}

/** Errors: E_BAD_OPTION. */
export async function readLock(path: string): Promise<FfmpegLock> {
  try {
    return parseLock(JSON.parse(decodeText(await readFile(path))), path);
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno !== null && !(thrown instanceof AppError))
      throw new AppError(
        "E_BAD_OPTION",
        `the lock file ${path} cannot be read (${errno})`,
        "Name another with --lock.",
      );
    if (!(thrown instanceof SyntaxError || thrown instanceof NotText)) throw thrown;
    throw new AppError("E_BAD_OPTION", `${path} is not valid JSON`, "docs/INSTALL.md describes its form.");
  }
}

/** The builds for a platform, in the order in which they are tried; `source` null: all. Errors: E_BAD_OPTION, E_FFMPEG_MISSING. */
export function buildsFor(lock: FfmpegLock, platform: Platform | null, source: string | null): readonly PinnedBuild[] {
  const builds = platform === null ? [] : (lock.platforms[platform] ?? []);
  const chosen = builds.filter((build) => source === null || build.source === source);
  if (chosen.length > 0) return chosen;
  if (builds.length > 0) {
    const names = builds.map((build) => build.source).join(", ");
    throw new AppError("E_BAD_OPTION", `no source is named ${source}`, `There are ${names}.`);
  }
  const own = platform?.endsWith("-musl") === true ? "`apk add ffmpeg`" : "your system's package";
  throw new AppError(
    "E_FFMPEG_MISSING",
    `no build of ffmpeg is pinned for ${platform ?? machineKind()}`,
    `Install ${own}, or name a lock file that has one with --lock FILE.`,
  );
}
