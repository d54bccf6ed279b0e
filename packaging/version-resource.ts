// The version resource of a Windows program: what Explorer and Task Manager call it. Bun writes it on Windows only, and from
// elsewhere the program would say that it is Bun. The new one takes the place of the old, which is longer, so that nothing
// else in the file moves (Microsoft: "PE Format", "VS_VERSIONINFO").

const RT_VERSION = 16;
const ENGLISH = 0x0409;
const UTF_16 = 0x04b0;
const FIXED_SIGNATURE = 0xfeef04bd;
const FIXED_BYTES = 52;
const IS_DIRECTORY = 0x8000_0000;

interface Span {
  /** Offset in the file. */
  readonly at: number;
  readonly bytes: number;
}

interface Located extends Span {
  /** Offset of the field that holds its size. */
  readonly sizeAt: number;
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const aligned = (length: number) => Math.ceil(length / 4) * 4;

function headerOf(file: Uint8Array) {
  const data = view(file);
  const pe = data.getUint32(0x3c, true);
  if (data.getUint16(0, true) !== 0x5a4d || data.getUint32(pe, true) !== 0x4550)
    throw new Error("no program of Windows");
  return { data, pe, sections: data.getUint16(pe + 6, true), sectionsAt: pe + 24 + data.getUint16(pe + 20, true) };
}

/** The section with the resources: its offset in the file, and where it lies in memory. */
function resourceSection(file: Uint8Array) {
  const { data, sections, sectionsAt } = headerOf(file);
  for (let number = 0; number < sections; number++) {
    const at = sectionsAt + 40 * number;
    const name = new TextDecoder().decode(file.subarray(at, at + 8)).replace(/\0+$/, "");
    if (name === ".rsrc") return { at: data.getUint32(at + 20, true), address: data.getUint32(at + 12, true) };
  }
  throw new Error("the program has no resources");
}

/** Errors: a plain one where the program has none. */
export function findVersionResource(file: Uint8Array): Located {
  const section = resourceSection(file);
  const data = view(file);
  /** Offset of what the directory names: another directory or a data entry. */
  const entry = (directory: number, id: number | null) => {
    const count = data.getUint16(directory + 12, true) + data.getUint16(directory + 14, true);
    for (let number = 0; number < count; number++) {
      const at = directory + 16 + 8 * number;
      if (id === null || data.getUint32(at, true) === id) {
        return section.at + (data.getUint32(at + 4, true) & ~IS_DIRECTORY);
      }
    }
    throw new Error("the program has no version resource");
  };
  const leaf = entry(entry(entry(section.at, RT_VERSION), null), null);
  const at = data.getUint32(leaf, true) - section.address + section.at;
  return { at, bytes: data.getUint32(leaf + 4, true), sizeAt: leaf + 4 };
}

interface Node {
  readonly key: string;
  readonly value: string | Uint8Array;
  readonly children: readonly Node[];
}

const utf16 = (text: string) => Buffer.from(`${text}\0`, "utf16le");

function encode({ key, value, children }: Node): Uint8Array {
  const isText = typeof value === "string";
  const content = isText ? (value === "" ? new Uint8Array() : utf16(value)) : value;
  const parts = [utf16(key), content, ...children.map(encode)];
  let length = 6;
  const placed = parts.map((part, number) => {
    const at = number === 0 ? length : aligned(length);
    if (part.length > 0) length = at + part.length;
    return { at, part };
  });
  const bytes = new Uint8Array(length);
  for (const { at, part } of placed) if (part.length > 0) bytes.set(part, at);
  const head = view(bytes);
  head.setUint16(0, length, true);
  head.setUint16(2, isText ? content.length / 2 : content.length, true);
  head.setUint16(4, isText ? 1 : 0, true);
  return bytes;
}

/** VS_FIXEDFILEINFO of a program for Windows NT. */
function fixedInfo(version: string): Uint8Array {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  const bytes = new Uint8Array(FIXED_BYTES);
  const words = [FIXED_SIGNATURE, 0x10000, (major << 16) | minor, patch << 16, (major << 16) | minor, patch << 16];
  for (const [number, word] of [...words, 0x3f, 0, 0x40004, 1].entries()) view(bytes).setUint32(4 * number, word, true);
  return bytes;
}

/** `version`: as `0.1.0`. Short texts, since there is room for 656 bytes in Bun 1.4.5. */
export function versionResource(version: string): Uint8Array {
  const text = (key: string, value: string): Node => ({ key, value, children: [] });
  const translation = Uint8Array.from([ENGLISH & 0xff, ENGLISH >> 8, UTF_16 & 0xff, UTF_16 >> 8]);
  const strings = [
    text("FileDescription", "ffcluster"),
    text("FileVersion", version),
    text("InternalName", "ffcluster"),
    text("OriginalFilename", "ffcluster.exe"),
    text("ProductName", "ffcluster"),
    text("ProductVersion", version),
    text("LegalCopyright", "MIT"),
  ];
  return encode({
    key: "VS_VERSION_INFO",
    value: fixedInfo(version),
    children: [
      { key: "StringFileInfo", value: "", children: [{ key: "040904b0", value: "", children: strings }] },
      { key: "VarFileInfo", value: "", children: [{ key: "Translation", value: translation, children: [] }] },
    ],
  });
}

/** Changes `file`. Errors: a plain one where it does not fit. */
export function setVersionResource(file: Uint8Array, version: string): void {
  const { at, bytes, sizeAt } = findVersionResource(file);
  const resource = versionResource(version);
  if (resource.length > bytes)
    throw new Error(`the version resource has ${resource.length} bytes, there is room for ${bytes}`);
  file.fill(0, at, at + bytes);
  file.set(resource, at);
  const { data, pe } = headerOf(file);
  data.setUint32(sizeAt, resource.length, true);
  data.setUint32(pe + 24 + 64, 0, true); // the checksum, which only drivers need
}

/** The texts of a resource by their names, for a check of what was written. */
export function versionTexts(resource: Uint8Array): Record<string, string> {
  const data = view(resource);
  const texts: Record<string, string> = {};
  const read = (at: number): number => {
    const [length, valueLength, isText] = [0, 2, 4].map((offset) => data.getUint16(at + offset, true)) as [
      number,
      number,
      number,
    ];
    let end = at + 6;
    while (data.getUint16(end, true) !== 0) end += 2;
    const key = Buffer.from(resource.subarray(at + 6, end)).toString("utf16le");
    const valueAt = aligned(end + 2);
    const valueBytes = isText === 1 ? 2 * valueLength : valueLength;
    if (isText === 1 && valueLength > 0) {
      texts[key] = Buffer.from(resource.subarray(valueAt, valueAt + valueBytes - 2)).toString("utf16le");
    }
    for (let child = aligned(valueAt + valueBytes); child < at + length; ) child = aligned(child + read(child));
    return length;
  };
  read(0);
  return texts;
}
