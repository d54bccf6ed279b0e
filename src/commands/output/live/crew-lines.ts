// A line for each client that works on a job: its name, what it holds, how fast it is, its share of the frames. Pure.
import type { JobView } from "../../../api/contract.ts";
import { printable } from "../../../base/printable.ts";
import { shortenMiddle, widthOf } from "../fit-text.ts";
import { formatSeconds } from "../format.ts";
import { firstThatFits, padEnd, padStart } from "./bar.ts";
import type { JobMoment, Place } from "./job-frame.ts";
import type { LostClient } from "./job-pace.ts";

type CrewMember = NonNullable<JobView["crew"]>[number];
type Segment = CrewMember["segments"][number];

const FPS_WIDTH = 6;
const SHARE_WIDTH = 5;
/** Two blanks before each of the columns behind the name. */
const GAPS = 6;
const LONGEST_NAME = 28;

/** `5: 63 %`, `6: fetching`. */
export function progressText(segment: Segment): string {
  return `${segment.index}${progressOf(segment)}`;
}

function progressOf({ stage, frames }: Segment): string {
  if (stage === "encoding") return `: ${frames.total === 0 ? 0 : Math.floor((100 * frames.done) / frames.total)} %`;
  return stage === "queued" ? ": waits" : `: ${stage}`;
}

/** From the longest to the shortest. */
function workTexts({ condition, segments, name }: CrewMember, lost: readonly LostClient[]): string[] {
  if (condition === "lost") {
    const since = lost.find((client) => client.name === name);
    return since === undefined ? ["lost"] : [`lost ${formatSeconds(since.forSeconds)} ago`, "lost"];
  }
  const held = segments.map(({ index }) => index).join(", ");
  if (condition !== "ready") return [segments.length === 0 ? condition : `${condition}, keeps ${held}`, condition];
  if (segments.length === 0) return ["waits for work", "waits"];
  const count = `${segments.length} segments`;
  return [segments.map(progressText).join(", "), held, count];
}

/** At most `rows` lines under a header; none where nobody works on the job, or the server does not say who. */
export function crewLines({ view, lost }: JobMoment, { columns, rows, colours }: Place): string[] {
  const crew = [...(view.crew ?? [])].sort((a, b) => Number(a.condition === "lost") - Number(b.condition === "lost"));
  if (crew.length === 0) return [];
  const shown = crew.length > rows ? crew.slice(0, rows - 1) : crew;
  const room = columns - FPS_WIDTH - SHARE_WIDTH - GAPS;
  const longest = Math.max(6, ...shown.map(({ name }) => widthOf(printable(name))));
  const nameWidth = Math.min(longest, LONGEST_NAME, Math.floor(room / 2));
  const longestWork = Math.max(7, ...shown.map((member) => widthOf(workTexts(member, lost)[0] ?? "")));
  const workWidth = Math.min(longestWork, room - nameWidth);
  const line = (name: string, work: string, fps: string, share: string) =>
    `${padEnd(name, nameWidth)}  ${padEnd(work, workWidth)}  ${padStart(fps, FPS_WIDTH)}  ${padStart(share, SHARE_WIDTH)}`;
  const delivered = crew.some(({ percent }) => percent > 0);
  const lines = shown.map((member) => {
    const text = line(
      shortenMiddle(printable(member.name), nameWidth),
      firstThatFits(workTexts(member, lost), workWidth),
      member.fps > 0 ? member.fps.toFixed(1) : "-",
      delivered ? `${Math.round(member.percent)} %` : "-",
    );
    if (member.condition === "lost") return colours.red(text);
    return member.condition === "ready" ? text : colours.yellow(text);
  });
  const more = crew.length - shown.length;
  return [
    colours.dim(line("CLIENT", firstThatFits(["SEGMENT"], workWidth), "FPS", "SHARE")),
    ...lines,
    ...(more > 0 ? [colours.dim(`and ${more} more clients`)] : []),
  ];
}
