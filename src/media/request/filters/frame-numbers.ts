// Filters that number the frames and can be told where to begin: drawtext, by its first timecode and by start_number
// (vf_drawtext.c adds it to `n` in text and expressions alike; `enable` counts for itself).
import type { FilterCall } from "../../model/encode-request.ts";
import { timecodeAfter } from "./timecode.ts";

const START_NUMBER = /^\d{1,9}$/;
const options = (call: FilterCall): ReadonlyMap<string, string> => new Map(call.options);

/** Whether everything that a call counts can be told to continue from another frame. */
export function canBeginAt(call: FilterCall): boolean {
  const values = options(call);
  const timecode = values.get("timecode");
  return (
    call.name === "drawtext" &&
    START_NUMBER.test(values.get("start_number") ?? "0") &&
    (timecode === undefined || timecodeAfter(timecode, values.get("timecode_rate") ?? "", 0) !== null)
  );
}

/** The call as it must stand where `frames` frames have gone before; only for calls that can begin there. */
export function beginningAt(call: FilterCall, frames: number): FilterCall {
  const values = options(call);
  const timecode = values.get("timecode");
  const later = timecode === undefined ? null : timecodeAfter(timecode, values.get("timecode_rate") ?? "", frames);
  const changed = new Map(values);
  if (later !== null) changed.set("timecode", later);
  changed.set("start_number", String(Number(values.get("start_number") ?? 0) + frames));
  return { ...call, options: [...changed] };
}
