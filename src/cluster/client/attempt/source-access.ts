// How an attempt reads its source: from the server's file itself, or through the gateway. Directly only on proof: this
// client can read the server's nonce (or a path map names a shared mount), and size, mtime and end digests agree.
import { z } from "zod";
import { sha256Of, sha256OfOpen } from "../../../base/digest.ts";
import { errnoOf } from "../../../base/errors.ts";
import { type OpenRegular, openRegular, readSmall } from "../../../base/open-regular.ts";
import type { SourceOffer } from "../../protocol/messages.ts";
import { blockCount, blockRange } from "../../transfer/blocks.ts";

const sourceAccessModeSchema = z.enum(["auto", "direct", "gateway"]);
export type SourceAccessMode = z.infer<typeof sourceAccessModeSchema>;

/** One shared folder as the server and as this client name it. */
export interface PathMapping {
  readonly server: string;
  readonly client: string;
}

export interface Nonce {
  readonly path: string;
  readonly sha256: string;
}

export type SourceAccess =
  | {
      readonly kind: "direct";
      readonly path: string;
      /** How far the file's time may be from the server's. */
      readonly toleranceMs: number;
      /** The gateway may not stand in for it. */
      readonly isOnly: boolean;
    }
  | { readonly kind: "gateway" }
  /** `--source-access direct` was asked for and is not possible. */
  | { readonly kind: "refused"; readonly reason: string };

/** Network file systems keep coarser times than local ones (2 s is FAT's and SMB's worst). */
const MAPPED_MTIME_TOLERANCE_MS = 2000;
const LOCAL_MTIME_TOLERANCE_MS = 1;
const LARGEST_NONCE_BYTES = 4096;

/** A drive or a share: there large and small letters are the same. */
const ON_WINDOWS = /^(?:[a-z]:|\\\\)/i;

/**
 * The file on this client that a path map names for a path of the server, or null. The longest prefix wins. Paths of a
 * server on Windows are compared as that does.
 */
export function mapPath(path: string, pathMap: readonly PathMapping[]): string | null {
  const normal = (text: string) => text.replaceAll("\\", "/").replace(/\/+$/, "");
  const comparable = (text: string) => (ON_WINDOWS.test(path) ? text.toLowerCase() : text);
  const wanted = normal(path);
  const hits = pathMap
    .map(({ server, client }) => ({ prefix: normal(server), client: client.replace(/[/\\]+$/, "") }))
    .filter(({ prefix }) => comparable(wanted).startsWith(`${comparable(prefix)}/`))
    .toSorted((a, b) => b.prefix.length - a.prefix.length);
  const [best] = hits;
  return best ? `${best.client}${wanted.slice(best.prefix.length)}` : null;
}

/** Decides for one source; the caller keeps the answer. Does not throw for a missing or unreadable file. */
export async function chooseAccess(
  mode: SourceAccessMode,
  source: SourceOffer,
  nonce: Nonce,
  pathMap: readonly PathMapping[],
): Promise<SourceAccess> {
  if (mode === "gateway") return { kind: "gateway" };
  const mapped = mapPath(source.path, pathMap);
  const path = mapped ?? source.path;
  const tolerance = mapped === null ? LOCAL_MTIME_TOLERANCE_MS : MAPPED_MTIME_TOLERANCE_MS;
  const sharesFiles = mapped !== null || (await canReadNonce(nonce));
  const objection = sharesFiles
    ? await differsFrom(source, path, tolerance)
    : "this client does not share the server's files: name the shared folder with --path-map";
  if (objection === null) return { kind: "direct", path, toleranceMs: tolerance, isOnly: mode === "direct" };
  return mode === "auto" ? { kind: "gateway" } : { kind: "refused", reason: `no direct access: ${objection}` };
}

async function canReadNonce(nonce: Nonce): Promise<boolean> {
  const content = await orReason(() => readSmall(nonce.path, LARGEST_NONCE_BYTES));
  return content !== null && typeof content !== "string" && sha256Of(content) === nonce.sha256;
}

/** How the file differs from the offered one; null: it is the same. */
async function differsFrom(source: SourceOffer, path: string, toleranceMs: number): Promise<string | null> {
  const opened = await openDirect(source, { path, toleranceMs });
  if (typeof opened === "string") return opened;
  await opened.handle.close();
  return null;
}

/** The file, open, if it is the offered one; otherwise how it differs. What is compared is the open file. */
export async function openDirect(
  source: SourceOffer,
  { path, toleranceMs }: { readonly path: string; readonly toleranceMs: number },
): Promise<OpenRegular | string> {
  const file = await orReason(() => openRegular(path));
  if (file === null) return `${path} is not a file`;
  if (typeof file === "string") return file;
  const objection = await orReason(async () => ({ differs: await howDiffers(source, file, toleranceMs) }));
  const differs = typeof objection === "string" ? objection : objection.differs;
  if (differs === null) return file;
  await file.handle.close();
  return `${path} ${differs}`;
}

async function howDiffers(
  source: SourceOffer,
  { handle, facts }: OpenRegular,
  toleranceMs: number,
): Promise<string | null> {
  if (facts.size !== source.bytes) return "has another size";
  if (Math.abs(facts.mtimeMs - source.mtimeMs) > toleranceMs) return "was changed at another time";
  const last = blockCount(source.bytes, source.blockBytes) - 1;
  for (const [block, expected] of [
    [0, source.firstBlockSha256],
    [last, source.lastBlockSha256],
  ] as const) {
    const range = blockRange(block, source.bytes, source.blockBytes);
    if ((await sha256OfOpen(handle, range.start, range.end - range.start)) !== expected) return "has other content";
  }
  return null;
}

/** The value, or the file system's error message. */
async function orReason<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
