import { expect, test } from "bun:test";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { EIGHT_BITS, TEN_BITS } from "../../../media/model/source-video.fixture.ts";
import { parseEncodeParams } from "../../../media/request/parse/parse-params.ts";
import { chooseFormat } from "./plan-format.ts";

const TOOLS = { version: "8.1" } as Tools;

/** `clients`: whether one has what the server lacks. */
function choose(params: string, encoder: string, tried: string | null, video = TEN_BITS, clients = false) {
  const question = { request: parseEncodeParams(params), encoder, video, tried };
  const { request, format } = chooseFormat(TOOLS, question, () => clients);
  return { format, stated: request.video.encodedFormat };
}

test("what the server's build takes is planned; stated where builds may choose otherwise", () => {
  expect(choose("-c:v libx265", "libx265", "yuv420p10le")).toEqual({ format: "yuv420p10le", stated: undefined });
  expect(choose("-c:v libx265", "libx265", "yuv420p")).toEqual({ format: "yuv420p", stated: "yuv420p" });
  expect(choose("-c:v libx265 -vf hflip", "libx265", "yuv420p10le")).toEqual({
    format: "yuv420p10le",
    stated: "yuv420p10le",
  });
  expect(choose("-c:v mjpeg -vf hflip", "mjpeg", "yuvj420p", EIGHT_BITS)).toEqual({
    format: "yuv420p",
    stated: undefined,
  });
  expect(choose("-c:v libx264", "libx264", null)).toEqual({ format: null, stated: undefined });
});

test("depth that is asked for, by name or by codec, is refused where nobody has it, else left to those who do", () => {
  for (const params of ["-c:v libx265 -pix_fmt yuv420p10le", "-c:v hevc"]) {
    const message = "libx265 of the server's ffmpeg 8.1 has no yuv420p10le and would use yuv420p";
    expect(() => choose(params, "libx265", "yuv420p")).toThrow(message);
    expect(choose(params, "libx265", "yuv420p", TEN_BITS, true).format).toBe("yuv420p10le");
  }
  expect(() => choose("-c:v libx264 -pix_fmt yuv444p", "libx264", "yuv420p", EIGHT_BITS)).toThrow("has no yuv444p");
});

test("another format of no fewer samples is taken as plain ffmpeg takes it", () => {
  const rgb = choose("-c:v libx264 -pix_fmt rgb24", "libx264", "yuv444p", EIGHT_BITS);
  expect(rgb).toEqual({ format: "yuv444p", stated: undefined });
  expect(choose("-c:v libx265 -pix_fmt yuv420p10", "libx265", "yuv420p10le").format).toBe("yuv420p10le");
});
