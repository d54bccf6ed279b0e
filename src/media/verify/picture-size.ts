// Checks that all pictures of a finished video have the same size. Pure.
import type { ProofCheck } from "../model/proof.ts";
import type { SegmentFacts } from "../model/segment.ts";

/** A stream has one size, that of its first picture: the headers of every segment and of the output must state it. */
export function pictureSize(segments: readonly Pick<SegmentFacts, "size">[], output: string | null): ProofCheck {
  const name = "picture size";
  const said = segments.flatMap(({ size }) => (size === undefined ? [] : [size]));
  const sizes = [...new Set([...said, ...(output === null ? [] : [output])])];
  if (sizes.length > 1) return { name, ok: false, detail: `segments and output are ${sizes.join(", ")}` };
  const unsaid = segments.length - said.length;
  const rest = unsaid === 0 ? "" : `; not measured: ${unsaid} segments, verified by an earlier version`;
  return { name, ok: true, detail: `${sizes[0] ?? "none"} in the output and in every segment${rest}` };
}
