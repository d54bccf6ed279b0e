// Archives for tests, written by hand where no packer would make them: members with any name, kind and length.
import { crc32, deflateRawSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

export interface TestMember {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly type?: NonNullable<Header["type"]>;
  readonly linkname?: string;
  /** The length that it claims; a zip only. */
  readonly claims?: number;
}

const bytesOf = ({ content = "" }: TestMember): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

export async function tarOf(members: readonly TestMember[]): Promise<Uint8Array<ArrayBuffer>> {
  const packed = pack();
  for (const member of members) {
    const { name, type = "file", linkname } = member;
    const body = Buffer.from(bytesOf(member));
    packed.entry({ name, type, mode: 0o755, ...(linkname === undefined ? {} : { linkname }) }, body);
  }
  packed.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of packed) chunks.push(chunk as Uint8Array);
  return new Uint8Array(Buffer.concat(chunks));
}

export async function tarGzOf(members: readonly TestMember[]): Promise<Uint8Array<ArrayBuffer>> {
  return Bun.gzipSync(await tarOf(members), { level: 1 });
}

/** With the program `xz`. */
export async function tarXzOf(members: readonly TestMember[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(Bun.spawnSync(["xz", "-0", "-c"], { stdin: await tarOf(members) }).stdout);
}

const UNIX = 3;
const UNIX_KINDS: Readonly<Record<string, number>> = { file: 0o100755, symlink: 0o120777, fifo: 0o010644 };

/** APPNOTE.TXT 4.3: local headers with their bytes, then the central directory. */
export function zipOf(members: readonly TestMember[]): Uint8Array<ArrayBuffer> {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const member of members) {
    const plain = bytesOf(member);
    const packed = deflateRawSync(plain, { level: 1 });
    const name = Buffer.from(member.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt16LE(0x0800, 2); // UTF-8 names
    common.writeUInt16LE(8, 4); // deflate
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(member.claims ?? plain.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((UNIX_KINDS[member.type ?? "file"] ?? 0) << 16) >>> 0, 6);
    rest.writeUInt32LE(at, 10);
    entries.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, UNIX]), common, rest, name]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return new Uint8Array(Buffer.concat([...locals, directory, Buffer.from("PK\x05\x06"), end]));
}
