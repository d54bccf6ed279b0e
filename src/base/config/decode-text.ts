// The text of a file that a person wrote. Editors and shells of Windows save UTF-8 with a byte order mark, or UTF-16
// (Notepad's "Unicode", PowerShell 5's `>`); without a mark it is UTF-8.

const MARKS = [
  { encoding: "utf-8", mark: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", mark: [0xff, 0xfe] },
  { encoding: "utf-16be", mark: [0xfe, 0xff] },
] as const;

/** Without its mark. Errors: NotText. */
export function decodeText(bytes: Uint8Array): string {
  const found = MARKS.find(({ mark }) => mark.every((byte, at) => bytes[at] === byte));
  try {
    return new TextDecoder(found?.encoding ?? "utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new NotText("neither UTF-8 nor UTF-16 with a byte order mark", { cause });
  }
}

/** The bytes are in another encoding, or no text at all. */
export class NotText extends Error {}
