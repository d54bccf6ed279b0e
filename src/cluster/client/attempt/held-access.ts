// A source that an attempt reads directly, held open: what was compared with the offer is what ffmpeg reads, wherever the
// path leads by then.
import { stat } from "node:fs/promises";
import type { Programs } from "../../../media/ffmpeg/run-tool.ts";
import { openPathFor } from "../../../media/ffmpeg/sandbox/open-files.ts";
import type { SourceOffer } from "../../protocol/messages.ts";
import type { SegmentOutcome } from "./segment-runner.ts";
import { failed } from "./segment-runner.ts";
import { openDirect, type SourceAccess } from "./source-access.ts";

export interface HeldAccess extends AsyncDisposable {
  readonly access: SourceAccess;
  /** The outcome of an encode that read it. */
  judge(outcome: SegmentOutcome): Promise<SegmentOutcome>;
}

function asItIs(access: SourceAccess): HeldAccess {
  return { access, judge: async (outcome) => outcome, [Symbol.asyncDispose]: async () => undefined };
}

/** For one attempt. A file that is no longer the offered one goes through the gateway, if that is allowed. */
export async function holdAccess(tools: Programs, source: SourceOffer, access: SourceAccess): Promise<HeldAccess> {
  if (access.kind !== "direct") return asItIs(access);
  const file = await openDirect(source, access);
  if (typeof file === "string")
    return asItIs(access.isOnly ? { kind: "refused", reason: `no direct access: ${file}` } : { kind: "gateway" });
  const path = openPathFor(tools, file.handle) ?? access.path;
  const { dev, ino } = file.facts;
  const judge = async (outcome: SegmentOutcome): Promise<SegmentOutcome> => {
    if (path === access.path) {
      // Only a name: it must still lead to the file that was compared.
      const facts = await stat(path).catch(() => null);
      if (facts?.dev !== dev || facts.ino !== ino) return failed("source", `${path} was replaced while it was read`);
    }
    return outcome.kind === "failed" ? { ...outcome, reason: outcome.reason.replaceAll(path, access.path) } : outcome;
  };
  return { access: { ...access, path }, judge, [Symbol.asyncDispose]: () => file.handle.close() };
}
