// Filters that would read a clock, or loop for ever: refused, however they are spelled.
import { describe, expect, test } from "bun:test";
import { runUnconfined } from "../../ffmpeg/run-tool.fixture.ts";
import { findTools } from "../../ffmpeg/tools.ts";
import { filterEffect } from "./filter-kind.ts";
import { parseFilters } from "./parse-filters.ts";
import { renderFilters } from "./render-filters.ts";
import { textCalls } from "./text-expansion.ts";

const text = (value: string) => renderFilters([{ name: "drawtext", options: [["text", value]] }]);
const parse = (chain: string) => parseFilters("-vf", chain, "video");

describe("expressions as libavutil reads them", () => {
  test.each([
    ["a plain call", "scale=w='while(1,1)'"],
    // Spaces are dropped before names are read.
    ["a space in the name", "scale=w='whi le(1,1)'"],
    ["a tab in the name", "scale=w='whi\tle (1,1)'"],
    // A name ends where anything but a letter, a digit or _ follows, and its arguments begin at the next bracket.
    ["something before the bracket", "scale=w='while#(1,1)'"],
    ["the bracket elsewhere", "scale=w='time+(0)'"],
    ["behind a number", "scale=w='2*taylor(1,1)'"],
    ["in enable", "hue=h=1:enable='pr int(1)'"],
    ["in a list", "curves=all='0/0 while(1;1)'"],
  ])("%s", (_, chain) => {
    expect(() => parse(chain)).toThrow("is not accepted");
  });

  test.each([
    ["%{e:ti\\me(0)}"],
    ["%{e:whi\\le(1,1)}"],
    ["%{e:whi'le'(1,1)}"],
    ["%{e:whi le(1,1)}"],
    ["%{e\\:while(1,1)}"],
    ["%{lo\\caltime}"],
    ["%{pts:lo'cal'time}"],
    ["%{pts:hms:0:%H}%{gm\\time}"],
    ["%{'localtime'}"],
    ["%{ metadata:x}"],
    ["\\\\%{localtime}"],
    ["%{e:1"],
  ])("drawtext's %s", (value) => {
    expect(() => parse(text(value))).toThrow(/is not accepted|not closed|clock/);
  });

  test("what was good stays good", () => {
    const chains = [
      "drawtext=text='%{pts\\:hms} 100\\% %{e\\:t*2} \\%{n}'",
      "zoompan=z='1+time/10':d=25",
      "scale=w='timebase'",
    ];
    for (const chain of chains) expect(parse(chain)).toHaveLength(1);
    expect(textCalls("%{pts:hms} \\%{x} %{eif:n*2:d:3}")).toEqual([
      { name: "pts", args: ["hms"] },
      { name: "eif", args: ["n*2", "d", "3"] },
    ]);
  });

  test("nor is it hidden from splitting what counts frames", () => {
    const kindOf = (chain: string) => parse(chain).map((call) => filterEffect(call).kind);
    expect(kindOf(text("%{e:ran\\dom(0)}"))).toEqual(["sequential"]);
    expect(kindOf(text("%{\\n}"))).toEqual(["numbered"]);
    expect(kindOf("geq=lum='ran dom(0)*255'")).toEqual(["sequential"]);
    expect(kindOf("geq=lum='random#(0)*255'")).toEqual(["sequential"]);
    expect(kindOf(text("%{pts:hms}"))).toEqual(["perFrame"]);
  });
});

test("a filter that loops and takes no SIGTERM is killed", async () => {
  const tools = await findTools(process.env);
  const began = Promise.withResolvers<void>();
  const abort = new AbortController();
  const graph = "testsrc2=s=16x16:r=1,geq=lum='if(gt(N,0),while(1,1),0)':cb=128:cr=128";
  const running = runUnconfined({
    program: tools.ffmpeg,
    args: ["-v", "error", "-nostdin", "-f", "lavfi", "-i", graph, "-f", "framemd5", "-flush_packets", "1", "-"],
    signal: abort.signal,
    onLine: (line) => line.startsWith("0,") && began.resolve(),
    onStart: () => setTimeout(began.resolve, 3000),
  });
  await began.promise;
  abort.abort();
  const { ended, stop } = await running;
  expect(ended).toBe("aborted");
  expect(stop?.killedAfterMs).toBeGreaterThan(0);
}, 30_000);
