import { expect, test } from "bun:test";
import { AppError } from "../../../base/errors.ts";
import { parseEncodeParams } from "./parse-params.ts";
import { withCrop } from "./with-crop.ts";

test("a crop stands before the other filters, and beside a crop there is none", () => {
  const of = (request: string) => parseEncodeParams(withCrop(request, "1920:800:0:140")).filters;
  const crop = {
    name: "crop",
    options: [
      ["out_w", "1920"],
      ["out_h", "800"],
      ["x", "0"],
      ["y", "140"],
    ],
  };
  expect(of("-c:v libx264")).toEqual([crop] as never);
  const chain = of(`-crf 20 -vf "scale=w='min(1280,iw)':h=-2,hflip" -c:a aac`);
  expect(chain.map(({ name }) => name)).toEqual(["crop", "scale", "hflip"]);
  expect(() => withCrop("-vf crop=10:10", "1920:800:0:140")).toThrow(AppError);
});
