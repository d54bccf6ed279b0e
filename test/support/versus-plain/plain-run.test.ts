import { describe, expect, test } from "bun:test";
import { timesOf } from "./plain-run.ts";

const TOOLS = { ownTimes: ["-fps_mode", "passthrough", "-enc_time_base:v", "demux"] };

describe("the times that the plain run is asked for", () => {
  test("are the source's own without a filter that makes others", () => {
    expect(timesOf(TOOLS, ["-c:v", "libx264", "-vf", "scale=64:48"], "1/12")).toEqual(TOOLS.ownTimes);
  });

  test("are the filter's own where it makes a rate: 20 pictures a second do not fit on ticks of 1/12 s", () => {
    expect(timesOf(TOOLS, ["-c:v", "libx264", "-vf", "fps=20"], "1/12")).toEqual(["-fps_mode", "passthrough"]);
    expect(timesOf(TOOLS, ["-filter:v", "scale=64:48,fps=20"], "1/12")).toEqual(["-fps_mode", "passthrough"]);
  });

  test("are the source's own behind an expression for each time, which leaves no rate", () => {
    expect(timesOf(TOOLS, ["-vf", "fps=20,setpts=2*PTS"], "1/12")).toEqual(TOOLS.ownTimes);
  });

  test("stand on half ticks where every other picture lies between two", () => {
    expect(timesOf(TOOLS, ["-vf", "yadif=1"], "1/12")).toEqual([
      ...["-fps_mode", "passthrough", "-enc_time_base:v", "1/24"],
    ]);
  });

  test("are those of the rate where one is asked for", () => {
    expect(timesOf(TOOLS, ["-vf", "fps=20", "-r", "10"], "1/12")).toEqual(["-fps_mode", "cfr"]);
  });
});
