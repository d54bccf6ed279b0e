import { expect, test } from "bun:test";
import { decodeText, NotText } from "./decode-text.ts";

const TEXT = '{"mediaRoot": "C:\\\\Filme\\\\Über 日本"}';

function utf16(text: string, isLittle: boolean): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(2 * text.length));
  for (let at = 0; at < text.length; at++) bytes.setUint16(2 * at, text.charCodeAt(at), isLittle);
  return new Uint8Array(bytes.buffer);
}

test("what editors and shells of Windows save is the same text", () => {
  expect(decodeText(Buffer.from(TEXT))).toBe(TEXT);
  expect(decodeText(Buffer.from(`\ufeff${TEXT}`))).toBe(TEXT);
  expect(decodeText(utf16(`\ufeff${TEXT}`, true))).toBe(TEXT);
  expect(decodeText(utf16(`\ufeff${TEXT}`, false))).toBe(TEXT);
  expect(decodeText(new Uint8Array())).toBe("");
});

test("another encoding is told from them, so that no name is misread", () => {
  expect(() => decodeText(Buffer.from("C:\\Über", "latin1"))).toThrow(NotText);
});
