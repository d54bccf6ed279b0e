// Takes the programs, and the licences beside them, out of an archive whose digest has been checked. Looks for them by their
// base names, wherever they stand in it, and writes nothing else.
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../base/errors.ts";
import { exists, freeBytes } from "../base/files.ts";
import { asNoSpace, isNoSpace } from "../base/no-space.ts";
import { writeAll } from "../base/write-all.ts";
import type { Layout } from "./lock.ts";
import { baseNameOf, leadsOut, type Member, refuseArchive } from "./member.ts";
import { readTar } from "./read-tar.ts";
import { readZip } from "./read-zip.ts";

const MIB = 1024 ** 2;
/** A static ffmpeg with everything in it has 200 MB. */
const MOST_PROGRAM_BYTES = 1024 * MIB;
const MOST_LICENCE_BYTES = MIB;
/** Of all members together, taken or not. */
const MOST_BYTES = 4096 * MIB;
const MOST_MEMBERS = 20_000;

const LICENCE = /^(?:COPYING|LICEN[CS]E)[A-Za-z0-9._-]{0,60}$/i;

export interface Unpacking {
  /** Path of the archive. */
  readonly archive: string;
  readonly layout: Layout;
  /** Base names of the programs that are looked for. */
  readonly programs: readonly string[];
  /** An existing folder. */
  readonly into: string;
  readonly signal?: AbortSignal | undefined;
}

/** Errors: E_ARCHIVE for more bytes than the member has; E_NO_SPACE. */
async function write(member: Member, path: string, mode: number, { archive, signal }: Unpacking): Promise<void> {
  if (member.bytes > (await freeBytes(join(path, "..")))) {
    throw new AppError("E_NO_SPACE", `no space for ${path}`, `It takes ${Math.ceil(member.bytes / 1e6)} MB.`);
  }
  const file = await open(path, "wx", mode);
  try {
    let have = 0;
    for await (const chunk of member.body()) {
      signal?.throwIfAborted();
      have += chunk.length;
      if (have > member.bytes) throw refuseArchive(archive, `${member.name} has more bytes than it says`);
      await writeAll(file, chunk, null);
    }
    if (have < member.bytes) throw refuseArchive(archive, `${member.name} has fewer bytes than it says`);
    await file.sync();
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  } finally {
    await file.close();
  }
}

/** Errors: E_ARCHIVE for a member that no archive of ours would have. */
function check(member: Member, archive: string): void {
  const name = JSON.stringify(member.name);
  const fault = leadsOut(member.name);
  if (fault !== null) throw refuseArchive(archive, `its member ${name} ${fault}`);
  if (member.kind === "link") throw refuseArchive(archive, `its member ${name} is a link`);
  if (member.kind === "other") throw refuseArchive(archive, `its member ${name} is no file and no folder`);
}

async function take(unpacking: Unpacking): Promise<string[]> {
  const { archive, layout, programs, into, signal } = unpacking;
  const taken: string[] = [];
  let members = 0;
  let bytes = 0;
  for await (const member of layout === "zip" ? readZip(archive) : readTar(archive, layout)) {
    signal?.throwIfAborted();
    check(member, archive);
    members += 1;
    bytes += member.bytes;
    if (members > MOST_MEMBERS || bytes > MOST_BYTES) throw refuseArchive(archive, "it unpacks to more than it may");
    if (member.kind !== "file") continue;
    const name = baseNameOf(member.name);
    if (programs.includes(name)) {
      if (taken.includes(name)) throw refuseArchive(archive, `it has two files named ${name}`);
      if (member.bytes > MOST_PROGRAM_BYTES) throw refuseArchive(archive, `${name} is larger than a program may be`);
      await write(member, join(into, name), 0o755, unpacking);
      taken.push(name);
    } else if (LICENCE.test(name) && member.bytes <= MOST_LICENCE_BYTES && !(await exists(join(into, name)))) {
      await write(member, join(into, name), 0o644, unpacking);
    }
  }
  return taken;
}

/**
 * Returns the base names of the programs that were there. A failure leaves no half program.
 * Errors: E_ARCHIVE for one that is damaged, leads out of its folder, holds links or unpacks to too much; E_NO_SPACE;
 * the reason of `signal`.
 */
export async function unpackPrograms(unpacking: Unpacking): Promise<readonly string[]> {
  try {
    return await take(unpacking);
  } catch (thrown) {
    unpacking.signal?.throwIfAborted();
    if (thrown instanceof AppError) throw thrown;
    if (isNoSpace(thrown)) throw asNoSpace(thrown, unpacking.into, "Free some space and run this again.");
    throw refuseArchive(
      unpacking.archive,
      `it cannot be unpacked: ${thrown instanceof Error ? thrown.message : thrown}`,
      thrown,
    );
  }
}
