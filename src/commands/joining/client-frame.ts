// What a running client does now, as lines of a terminal. Pure.
import { printable } from "../../base/printable.ts";
import { shortenMiddle, widthOf } from "../output/fit-text.ts";
import type { HeldSegment, ToldStatus } from "./client-words.ts";

/** Names are shortened to no less than this. */
const SHORTEST_NAME = 8;

function doing({ stage, frames, expectedFrames, fps }: HeldSegment): string {
  if (stage !== "encoding") return stage === "queued" ? "waits for a free slot" : stage;
  const share = expectedFrames ? `${Math.floor((100 * Math.min(frames, expectedFrames)) / expectedFrames)} %` : null;
  return [...(share === null ? [] : [share]), ...(fps > 0 ? [`${fps.toFixed(1)} fps`] : [])].join("  ");
}

function line(held: HeldSegment, room: number): string {
  const facts = [...(held.segment === null ? [] : [`segment ${held.segment}`]), doing(held)].join("  ");
  if (held.fileName === null) return shortenMiddle(facts, room);
  const name = shortenMiddle(printable(held.fileName), Math.max(SHORTEST_NAME, room - widthOf(facts) - 2));
  return shortenMiddle(`${name}  ${facts}`, room);
}

export function clientFrame(status: ToldStatus, columns: number): readonly string[] {
  const room = columns - 1;
  switch (status.kind) {
    case "working":
      return status.held.length === 0 ? ["Waiting for work."] : status.held.map((held) => line(held, room));
    case "connecting":
      return ["Connecting…"];
    case "disconnected":
      return [shortenMiddle(`Not connected; next try in ${(status.retryInMs / 1000).toFixed(0)} s.`, room)];
    case "paused":
      return ["Paused."];
    case "resting":
      return ["Resting."];
    case "connected":
    case "resumed":
    case "rested":
      return ["Waiting for work."];
    case "ended":
      return [];
  }
}
