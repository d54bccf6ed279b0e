// The version resource of a program for Windows, in a file that is made by hand as the linker lays it out.
import { expect, test } from "bun:test";
import {
  findVersionResource,
  setVersionResource,
  versionResource,
  versionTexts,
} from "../../packaging/version-resource.ts";

const SECTION_AT = 0x400;
const ADDRESS = 0x5000;
const RESOURCE_AT = SECTION_AT + 0x100;

/** A program with nothing but a directory of resources, and `room` bytes for the version. */
function program(room: number): Uint8Array {
  const file = new Uint8Array(SECTION_AT + 0x1000).fill(0xaa, RESOURCE_AT, RESOURCE_AT + room + 16);
  const data = new DataView(file.buffer);
  data.setUint16(0, 0x5a4d, true);
  data.setUint32(0x3c, 0x80, true);
  data.setUint32(0x80, 0x4550, true);
  data.setUint16(0x80 + 6, 2, true);
  data.setUint16(0x80 + 20, 240, true);
  data.setUint32(0x80 + 24 + 64, 12_345, true);
  const sections = 0x80 + 24 + 240;
  file.set(Buffer.from(".text"), sections);
  file.set(Buffer.from(".rsrc"), sections + 40);
  data.setUint32(sections + 40 + 12, ADDRESS, true);
  data.setUint32(sections + 40 + 20, SECTION_AT, true);
  const directory = (at: number, ids: readonly number[], to: readonly number[]) => {
    data.setUint16(SECTION_AT + at + 14, ids.length, true);
    for (const [number, id] of ids.entries()) {
      data.setUint32(SECTION_AT + at + 16 + 8 * number, id, true);
      data.setUint32(SECTION_AT + at + 20 + 8 * number, to[number] ?? 0, true);
    }
  };
  const below = 0x8000_0000;
  directory(0, [3, 16], [below + 0x30, below + 0x50]); // an icon, and the version
  directory(0x50, [1], [below + 0x70]);
  directory(0x70, [1033], [0x90]);
  data.setUint32(SECTION_AT + 0x90, ADDRESS + 0x100, true);
  data.setUint32(SECTION_AT + 0x94, room, true);
  return file;
}

const VERSION = "1.2.3-rc.4";
/** In Bun 1.4.5. */
const ROOM = 656;

test("it is found, replaced in its place, and read back", () => {
  const file = program(ROOM);
  setVersionResource(file, VERSION);
  const found = findVersionResource(file);
  expect(found.at).toBe(RESOURCE_AT);
  const resource = file.subarray(found.at, found.at + found.bytes);
  expect(resource).toEqual(versionResource(VERSION));
  expect(versionTexts(resource)).toEqual({
    FileDescription: "ffcluster",
    FileVersion: "1.2.3-rc.4",
    InternalName: "ffcluster",
    OriginalFilename: "ffcluster.exe",
    ProductName: "ffcluster",
    ProductVersion: "1.2.3-rc.4",
    LegalCopyright: "MIT",
  });
  // What follows the old one is untouched, and nothing of the old one is left.
  expect(file[RESOURCE_AT + ROOM]).toBe(0xaa);
  expect(file[RESOURCE_AT + ROOM - 1]).toBe(0);
  const data = new DataView(file.buffer);
  expect([2, 3, 4].map((word) => data.getUint32(RESOURCE_AT + 40 + 4 * word, true))).toEqual([
    0x10002, 0x30000, 0x10002,
  ]);
});

test("a long version fits into the place of Bun's", () => {
  expect(versionResource("100.100.100-rc.100").length).toBeLessThanOrEqual(ROOM);
});

test("one that does not fit, and a file without any, are refused", () => {
  expect(() => setVersionResource(program(300), VERSION)).toThrow("there is room for 300");
  expect(() => findVersionResource(new Uint8Array(512))).toThrow("no program of Windows");
});
