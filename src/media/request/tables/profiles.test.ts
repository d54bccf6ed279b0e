import { expect, test } from "bun:test";
import { otherProfile } from "./profiles.ts";

test.each([
  ["libx264", "baseline", "Constrained Baseline"],
  ["libx264", "high", "Constrained Baseline"], // what its fastest preset makes
  ["libx264", "high422", "High 4:2:2 Intra"],
  ["h264_nvenc", "high444p", "High 4:4:4 Predictive"],
  ["h264_amf", "constrained_high", "High"],
  ["libx265", "main10", "Main"],
  ["libx265", "main422-10", "Rext"],
  ["prores_ks", "4444xq", "XQ"],
  ["prores_ks", "auto", "HQ"],
  ["dnxhd", "dnxhr_hq", "DNXHR HQ"],
  ["libvpx-vp9", "2", "Profile 2"],
  ["h264_qsv", "baseline", "Main"],
  ["libx264", null, "High 10"],
  ["mpeg2video", "main", "4:2:2"],
  ["libx264", "high", null],
])("%s -profile:v %s may give %s", (encoder, asked, found) => {
  expect(otherProfile(encoder, asked, found)).toBeNull();
});

test.each([
  ["libx264", "baseline", "Main"],
  ["libx264", "high", "High 10"],
  ["h264_vaapi", "constrained_baseline", "High"],
  ["libx265", "main", "Main 10"],
  ["libx265", "main10", "Rext"],
  ["prores_ks", "hq", "Proxy"],
  ["prores_ks", "0", "HQ"],
  ["dnxhd", "dnxhr_hqx", "DNXHR LB"],
  ["libvpx-vp9", "0", "Profile 1"],
  ["libsvtav1", "main", "High"],
])("%s -profile:v %s may not give %s", (encoder, asked, found) => {
  expect(otherProfile(encoder, asked, found)).toBe(`its profile is ${found} where ${asked} is asked`);
});
