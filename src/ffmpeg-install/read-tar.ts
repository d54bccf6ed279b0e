// The members of a .tar.xz or .tar.gz, streamed: memory stays the same whatever the archive holds.
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import type { Member } from "./member.ts";

const KINDS: Readonly<Record<string, Member["kind"]>> = {
  file: "file",
  "contiguous-file": "file",
  directory: "folder",
  symlink: "link",
  link: "link",
};

async function unpacked(path: string, layout: "tar.xz" | "tar.gz"): Promise<ReadableStream<Uint8Array>> {
  const packed = Bun.file(path).stream();
  if (layout === "tar.gz") return packed.pipeThrough(new DecompressionStream("gzip"));
  const { XzReadableStream } = await import("xz-decompress");
  return new XzReadableStream(packed);
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* stream;
}

/** Errors: a plain Error where the archive is damaged. */
export async function* readTar(path: string, layout: "tar.xz" | "tar.gz"): AsyncGenerator<Member> {
  const members = extract();
  const bytes = Readable.from(chunksOf(await unpacked(path, layout)));
  bytes.on("error", (thrown) => members.destroy(thrown));
  bytes.pipe(members);
  try {
    for await (const entry of members) {
      const { name, type, size = 0 } = entry.header;
      let isRead = false;
      const body = () => {
        isRead = true;
        return entry as AsyncIterable<Uint8Array>;
      };
      yield { name, kind: KINDS[type ?? "file"] ?? "other", bytes: size, body };
      if (!isRead) entry.resume();
    }
  } finally {
    bytes.destroy();
  }
}
