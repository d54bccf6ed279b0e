// The ad-hoc signature of a small Mach-O file made by hand: two segments and a place for a signature.
import { expect, test } from "bun:test";
import { checkSignature, signAdHoc } from "../../packaging/mach-o.ts";

const CODE_BYTES = 3 * 4096 + 100;
const OLD_SIGNATURE_BYTES = 64;

function segment(name: string, fileOffset: number, fileSize: number): Uint8Array {
  const bytes = new Uint8Array(72);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x19, true);
  view.setUint32(4, bytes.byteLength, true);
  bytes.set(new TextEncoder().encode(name), 8);
  view.setBigUint64(40, BigInt(fileOffset), true);
  view.setBigUint64(48, BigInt(fileSize), true);
  return bytes;
}

/** A program whose signature is 64 zeros. */
function unsigned(): Uint8Array {
  const commands = [segment("__TEXT", 0, 8192), segment("__LINKEDIT", 8192, CODE_BYTES + OLD_SIGNATURE_BYTES - 8192)];
  const signature = new Uint8Array(16);
  const view = new DataView(signature.buffer);
  for (const [index, word] of [0x1d, 16, CODE_BYTES, OLD_SIGNATURE_BYTES].entries())
    view.setUint32(index * 4, word, true);
  const bytes = new Uint8Array(CODE_BYTES + OLD_SIGNATURE_BYTES).map((_, index) => index % 251);
  bytes.fill(0, CODE_BYTES);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, 0xfeedfacf, true);
  header.setUint32(16, 3, true);
  bytes.set(commands[0] ?? [], 32);
  bytes.set(commands[1] ?? [], 104);
  bytes.set(signature, 176);
  return bytes;
}

test("a signed program has a hash for every page, and the code is as before but for its load commands", () => {
  const before = unsigned();
  expect(() => checkSignature(before)).toThrow("there is no signature");
  const signed = signAdHoc(before, "ffcluster");
  expect(checkSignature(signed)).toEqual({ pages: 4, wrongPages: 0, isWhole: true });
  expect(Buffer.compare(signed.subarray(192, CODE_BYTES), before.subarray(192, CODE_BYTES))).toBe(0);
  const view = new DataView(signed.buffer);
  expect(view.getBigUint64(104 + 48, true)).toBe(BigInt(signed.byteLength - 8192)); // __LINKEDIT reaches to the end
});

test("a page that is changed, bytes behind the signature and a program that grew are told", () => {
  const signed = signAdHoc(unsigned(), "ffcluster");
  const changed = signed.slice();
  changed[5000] = (changed[5000] ?? 0) ^ 1;
  expect(checkSignature(changed).wrongPages).toBe(1);
  const longer = new Uint8Array(signed.byteLength + 1);
  longer.set(signed);
  expect(checkSignature(longer).isWhole).toBe(false);
});

test("a signed program can be signed anew, and other files are refused", () => {
  const signed = signAdHoc(unsigned(), "ffcluster");
  expect(Buffer.compare(signAdHoc(signed, "ffcluster"), signed)).toBe(0);
  expect(() => signAdHoc(new Uint8Array(100), "ffcluster")).toThrow("not a thin 64-bit Mach-O file");
});
