// Which requests may be split at key frames, and for which the frames keep the source's times.
import { expect, test } from "bun:test";
import { frameTimingOf } from "../../plan/frame-timing.ts";
import { parseEncodeParams } from "../parse/parse-params.ts";
import { splitMode } from "./split-mode.ts";

test.each([
  ["", true, true],
  ["-vf scale=640:-2,drawtext=text=%{pts}", true, true],
  [String.raw`-vf "drawtext=timecode='00\\:00\\:00\\:00':rate=25"`, true, true],
  [String.raw`-vf "drawtext=timecode='00\\:00\\:00\\:00'"`, false, true],
  [String.raw`-vf "drawtext=timecode='00\\:00\\:00;00':r=30000/1001,scale=64:-2"`, true, true],
  [String.raw`-vf "drawtext=timecode='00\\:00\\:00;00':r=25"`, false, true],
  ["-vf drawtext=text=%{n}:start_number=-3", false, true],
  ["-vf drawtext=text=%{n},tmix", false, true],
  ["-vf tmix,drawtext=text=%{frame_num}", true, true],
  ["-vf drawtext=text=%{n} -r 25", false, false],
  ["-vf fps=25,drawtext=text=%{n}", true, false],
  ["-vf drawtext=text=x:x=n", true, true],
  [`-vf "drawtext=text=x:x='n+random(0)'"`, false, true],
  [String.raw`-vf "drawtext=text='%{eif\\:n+ld(0)\\:d}'"`, false, true],
  [`-vf "drawtext=text=x:enable='gt(n,5)'"`, false, true],
  ["-vf fade=in:st=1:d=2", true, true],
  ["-vf fade=in:0:30", false, true],
  ["-vf drawtext=text=%{n}", true, true],
  ["-vf subtitles=si=1", true, true],
  ["-vf rotate=a=n/10", false, true],
  ["-vf rotate=a=t/10", true, true],
  [`-vf "hflip=enable='eq(mod(n,2),0)'"`, false, true],
  ["-vf noise=alls=10", false, true],
  ["-vf hqdn3d", false, true],
  ["-vf photosensitivity", false, true],
  ["-vf yadif", true, true],
  ["-vf yadif=1", true, false],
  ["-vf yadif=1:deint=1", false, false],
  ["-vf bwdif", true, false],
  ["-vf estdif", false, false],
  ["-vf estdif=mode=frame", true, true],
  ["-vf tmix=frames=9", true, true],
  [`-vf "tmix=enable='gt(n,9)'"`, false, true],
  ["-vf tmedian", true, false],
  ["-vf amplify", false, false],
  ["-vf fps=25", true, false],
  ["-vf fps=25:start_time=0", false, false],
  ["-vf fps=2*source_fps", false, false],
  ["-vf minterpolate", false, false],
  ["-r 25", false, false],
] as const)("splitting %s", (text, splits, keeps) => {
  const request = parseEncodeParams(text);
  expect(splitMode(request).mode).toBe(splits ? "keyframes" : "whole");
  expect(frameTimingOf(request, { num: 1, den: 90_000 })?.keepsTimes ?? false).toBe(keeps);
});
