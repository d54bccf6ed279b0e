// Parses the Range header of a request (RFC 9110 §14). Single ranges only: ffmpeg sends no others.
import type { ByteRange } from "../blocks.ts";

export type RangeAnswer =
  /** No range, a malformed one or several: the whole file, status 200. */
  | { readonly kind: "whole" }
  /** Status 206. */
  | { readonly kind: "part"; readonly range: ByteRange }
  /** Status 416. */
  | { readonly kind: "unsatisfiable" };

/** `bytes` is the size of the file, at least 1. */
export function readRange(header: string | null, bytes: number): RangeAnswer {
  const match = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i.exec(header?.trim() ?? "");
  if (!match) return { kind: "whole" };
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  if (first === "") {
    if (last === "") return { kind: "whole" };
    const suffix = Number(last);
    if (suffix === 0) return { kind: "unsatisfiable" };
    return { kind: "part", range: { start: Math.max(0, bytes - suffix), end: bytes } };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return { kind: "whole" }; // malformed: it ends before it starts
  if (start >= bytes) return { kind: "unsatisfiable" };
  return { kind: "part", range: { start, end: last === "" ? bytes : Math.min(bytes, Number(last) + 1) } };
}
