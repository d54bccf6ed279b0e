// Whether all of a finished video has one pixel format. Pure.
import type { ProofCheck } from "../model/proof.ts";
import type { SegmentFacts } from "../model/segment.ts";
import { isSameFormat } from "../request/args/encoded-format.ts";

/** A stream has one depth and one chroma layout: decoders may follow a change in the middle, and players stumble over it. */
export function pixelFormat(segments: readonly Pick<SegmentFacts, "pixelFormat">[], output: string | null): ProofCheck {
  const name = "pixel format";
  const said = segments.flatMap(({ pixelFormat: format }) => (format === undefined ? [] : [format]));
  const formats = [...new Set([...said, ...(output === null ? [] : [output])])];
  const [first = "none"] = formats;
  if (!formats.every((each) => isSameFormat(each, first)))
    return { name, ok: false, detail: `segments and output are ${formats.join(", ")}` };
  const unsaid = segments.length - said.length;
  const rest = unsaid === 0 ? "" : `; not measured: ${unsaid} segments`;
  return { name, ok: true, detail: `${output ?? first} in the output and in every segment${rest}` };
}
