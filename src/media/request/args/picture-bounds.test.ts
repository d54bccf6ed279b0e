// Filters that would fill the memory or never end: refused before any work, by the server and by a client.
import { describe, expect, test } from "bun:test";
import { evaluate } from "../filters/evaluate.ts";
import { parseEncodeParams } from "../parse/parse-params.ts";
import { requireBoundedPictures } from "./picture-bounds.ts";

describe("pictures and rates behind the filters", () => {
  const source = { width: 1920, height: 1080, averageFrameRate: { num: 25, den: 1 } };
  const bound = (params: string) => () => requireBoundedPictures(source, parseEncodeParams(params));
  test.each([
    ["-vf scale=16000:16000"],
    ["-vf scale=iw*20:-1"],
    ["-vf scale=-2:max(ih\\\\,9000)*4"],
    ["-vf scale=64:64,scale=w=20000:h=20000:force_original_aspect_ratio=increase"],
    ["-vf hqx,hqx,hqx,hqx"],
    ["-vf scale=640:360,hqx=4,xbr=4,epx=3"],
    ["-vf pad=32768:32768"],
    ["-vf pad=w=2*iw:h=2*ow*10"],
    ["-vf rotate=0:ow=iw*10:oh=ow"],
    ["-vf zoompan=s=20000x20000"],
    ["-s 32768x32768"],
    ["-vf tmix=frames=1024"],
    ["-vf tmix=frames=300,tmix=frames=300"],
    ["-vf fps=1e9"],
    ["-vf fps=source_fps*1000"],
    ["-vf fps=1e9/1"],
    ["-vf minterpolate=fps=100000"],
    ["-vf framerate=fps=1e9"],
    ["-vf zoompan=d=1e9"],
  ])("%s is refused", (params) => {
    expect(bound(params)).toThrow(/is not a rate|is not a number of pictures|larger than is taken|more pictures/);
  });
  test.each([
    ["-vf scale=7680:4320"],
    ["-vf scale=8192:-2"],
    ["-vf hqx=2"],
    ["-vf pad=w=iw+100:h=ow/a"],
    ["-vf rotate=PI/4:ow=hypot(iw\\\\,ih):oh=ow"],
    ["-vf rotate=a=0.1:ow=rotw(0.1)"],
    ["-vf scale=trunc(iw/2)*2:if(gt(ih\\\\,720)\\\\,720\\\\,ih)"],
    ["-vf tmix=frames=128"],
    ["-vf normalize=smoothing=5000"],
    ["-vf fps=30000/1001"],
    ["-vf fps=source_fps/2"],
    ["-vf fps=ntsc"],
    ["-vf zoompan=d=250:s=hd1080"],
    ["-vf minterpolate=fps=120"],
    ["-r 1000"],
  ])("%s is taken", (params) => {
    expect(bound(params)).not.toThrow();
  });
  test("expressions", () => {
    const values = { iw: 1920, ih: 1080, a: 16 / 9 };
    expect(evaluate("trunc(iw/2)*2-1+2^3", values)).toBe(1927);
    expect(evaluate("if(gte(a,1.7),-iw,(ih+1)*1e2)", values)).toBe(-1920);
    for (const unknown of ["iw*t", "1K", "st(0,1)", "iw iw)", "(1", "", "1/0"])
      expect(evaluate(unknown, values)).toBeNull();
    expect(evaluate("(".repeat(2000), values)).toBeNull();
  });
});
