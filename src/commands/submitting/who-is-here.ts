// Says which machines are here and why they can't work on a job that waits. Pure: a view in, lines out.
import type { JobDetailView } from "../../api/contract.ts";
import { printable } from "../../base/printable.ts";

type Waiting = Pick<JobDetailView, "encoder" | "capable_clients" | "idle_clients">;

/** Machines that are named; of more only the number. */
const MOST_NAMES = 6;

/** The codec of an encoder that may have others beside it. */
const CODECS = [
  ["h264", /^(libx264|libopenh264|h264_)/],
  ["hevc", /^(libx265|hevc_)/],
  ["av1", /^(libsvtav1|libaom-av1|librav1e|av1_)/],
  ["vp9", /^(libvpx-vp9|vp9_)/],
] as const;

function codecOf(encoder: string): string | null {
  return CODECS.find(([, pattern]) => pattern.test(encoder))?.[0] ?? null;
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(printable).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

/** What a machine that lacks the encoder that a request names is told to say. */
const LACKS_ENCODER = /^has no \S+, which the job names$/;
/** Reasons that pass without anybody's help. */
const PASSING = /^(works on another job|waits for a segment)/;

function lackText(encoder: string, names: readonly string[], isAll: boolean): string {
  const codec = codecOf(encoder);
  const help = codec === null ? "" : ` Use --codec ${codec} instead: then the cluster takes an encoder that it has.`;
  if (!isAll) return `${namesText(names)}: no ${encoder}.${help}`;
  const [only] = names;
  if (names.length === 1) return `1 machine is here, without ${encoder}: ${printable(only ?? "")}.${help}`;
  return `${names.length} machines are here, none has ${encoder}: ${namesText(names)}.${help}`;
}

/** Lines for people; none where every machine that is here can work on the job. */
export function whoIsHere({ encoder, capable_clients: able, idle_clients: idle }: Waiting): readonly string[] {
  if (idle.length === 0) return able === 0 ? ["No machine is here yet."] : [];
  const held = idle.filter(({ reason }) => !PASSING.test(reason));
  const lacking = held.filter(({ reason }) => LACKS_ENCODER.test(reason)).map(({ name }) => name);
  const others = new Map<string, string[]>();
  for (const { name, reason } of held.filter((each) => !LACKS_ENCODER.test(each.reason))) {
    others.set(reason, [...(others.get(reason) ?? []), name]);
  }
  return [
    ...(lacking.length === 0 ? [] : [lackText(encoder, lacking, lacking.length === idle.length)]),
    ...[...others].map(([reason, names]) => `${namesText(names)}: ${printable(spoken(reason, names.length))}.`),
  ];
}

/** The scheduler speaks of one machine. */
function spoken(reason: string, count: number): string {
  if (count === 1) return reason;
  return reason.replace(
    /^(is|has|its) /,
    (_, word: string) => ({ is: "are ", has: "have ", its: "their " })[word] ?? "",
  );
}
