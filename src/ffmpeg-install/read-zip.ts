// The members of a .zip, by its central directory.
import yauzl, { type Entry, type ZipFile } from "yauzl";
import type { Member } from "./member.ts";

const FILE_KIND_MASK = 0o170000;
const LINK = 0o120000;
const ORDINARY = 0o100000;

function kindOf({ fileName, externalFileAttributes }: Entry): Member["kind"] {
  const unixKind = (externalFileAttributes >>> 16) & FILE_KIND_MASK;
  if (unixKind === LINK) return "link";
  if (fileName.endsWith("/")) return "folder";
  return unixKind === 0 || unixKind === ORDINARY ? "file" : "other"; // 0: made on Windows
}

async function* bodyOf(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  yield* await zip.openReadStreamPromise(entry);
}

/** Errors: a plain Error where the archive is damaged, encrypted, or has names that lead out of it. */
export async function* readZip(path: string): AsyncGenerator<Member> {
  const zip = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true });
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName: name, uncompressedSize: bytes } = entry;
      yield { name, kind: kindOf(entry), bytes, body: () => bodyOf(zip, entry) };
    }
  } finally {
    zip.close();
  }
}
