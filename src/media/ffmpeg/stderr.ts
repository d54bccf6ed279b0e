// Reads ffmpeg's stderr (at -v error): which lines report damaged pictures, which are harmless here, and what ffmpeg
// said last before it failed.

/** `[h264 @ 0x55d0c8]` → `[h264]`: addresses differ from run to run. */
function tidy(line: string): string {
  return line.replace(/ @ (0x)?[0-9a-f]+\]/gi, "]").trim();
}

/** Messages about intact streams: timestamps that a muxer or the null output would round, deprecated formats. */
const HARMLESS = [
  /non[- ]monoton(ically|ous)/i,
  /deprecated pixel format/i,
  /Application provided invalid/i,
  /Last message repeated/i,
  /Timestamps are unset/i,
  /Invalid timestamps/i,
];

/** Decoders print these after every seek into an open GOP, about frames before the range, which are dropped. */
const AFTER_SEEK = [
  /Could not find ref with POC/i,
  /co located POCs unavailable/i,
  /mmco: unref short failure/i,
  /reference picture missing/i,
  /Missing reference picture/i,
  /Error constructing the frame RPS/i,
  /number of reference frames .* exceeds max/i,
  /Skipping invalid undecodable NALU/i,
  /warning: first frame is no keyframe/i,
  /Reference .* >= /i,
  /No start code is found/i,
  /non-existing (PPS|SPS)/i,
  /PPS id out of range/i,
  /decode_slice_header error/i,
  /no frame!/i,
  /Invalid frame dimensions 0x0/i,
  /Not all references are available/i,
];

const DECODE_ERROR =
  /error while decoding|Error while decoding|concealing|corrupt|damaged|Invalid data|Invalid NAL|invalid level|ac-tex|dc-tex|slice mismatch|Missing reference|decode_slice_header error|no frame!|bytestream|overread|truncat|missing picture|left block unavailable|top block unavailable|cabac decode|Error submitting packet to decoder|Error parsing|packet too short/i;

const MOST_LINES = 5;
const MOST_CHARACTERS = 300;

/** Lines that report a damaged picture (at most 5 of 300 characters). `sought`: the run began with a seek. */
export function decodeErrors(stderr: string, sought: boolean): string[] {
  const found: string[] = [];
  for (const raw of stderr.split("\n")) {
    const line = tidy(raw);
    if (line === "" || HARMLESS.some((pattern) => pattern.test(line))) continue;
    if (sought && AFTER_SEEK.some((pattern) => pattern.test(line))) continue;
    if (!DECODE_ERROR.test(line)) continue;
    const short = line.slice(0, MOST_CHARACTERS);
    if (!found.includes(short)) found.push(short);
    if (found.length === MOST_LINES) break;
  }
  return found;
}

/** Lines that end every failure, whatever its reason. Since 7.0 each of ffmpeg's threads adds several behind it. */
const ENDS_EVERY_FAILURE = [
  /Error (while opening encoder|initializing output stream|sending frames to consumers|while processing)/i,
  /Error (while filtering|opening output files?|binding filtergraph|submitting a packet to the muxer)/i,
  /Error (reinitializing filters|initializing a simple filtergraph|initializing complex filters)/i,
  /Failed to (inject frame|configure (in|out)put pad)/i,
  /Nothing was written into output file/i,
  /Task finished with error|Terminating thread|Conversion failed|maybe incorrect parameters/i,
  /Could not open encoder before EOF|Cannot determine format of input stream/i,
  /Last message repeated/i,
];

export function endsEveryFailure(line: string): boolean {
  return ENDS_EVERY_FAILURE.some((pattern) => pattern.test(line));
}

/** ffmpeg's last words: at most three of the last lines that may give the reason, joined into one. */
export function lastWords(stderr: string): string {
  const lines = stderr
    .split("\n")
    .map(tidy)
    .filter((line) => line !== "");
  const telling = lines.filter((line) => !endsEveryFailure(line));
  const words = telling.length === 0 ? lines : telling;
  return words.length === 0 ? "ffmpeg said nothing" : words.slice(-3).join(" | ").slice(-1000);
}
