import { expect, test } from "bun:test";
import { EIGHT_BITS } from "../../model/source-video.fixture.ts";
import { parseEncodeParams } from "../parse/parse-params.ts";
import { translateRequest } from "../translate/translate.ts";
import { cutDistance, keyDistance, keyDistanceAsked } from "./key-distance.ts";

const kindOf = (text: string) => {
  const distance = keyDistance(parseEncodeParams(text));
  return distance === null ? null : `${distance.kind} ${distance.frames}${distance.isHeld ? "" : " not held"}`;
};

test("every way in which a request fixes the distance of key frames", () => {
  for (const fixed of [
    "-c:v libx264 -crf 23 -g 48 -keyint_min 48 -sc_threshold 0",
    "-c:v libx264 -g 48 -x264-params scenecut=0",
    "-c:v libx264 -x264opts keyint=48:min-keyint=48:scenecut=-1",
    "-c:v libx264 -g 250 -x264-params keyint=48:scenecut=no",
    "-c:v libx264 -preset ultrafast -g 48",
    "-c:v libx265 -g 48 -keyint_min 48",
    "-c:v libx265 -x265-params keyint=48:min-keyint=48",
    "-c:v libx265 -g 48 -x265-params scenecut=0",
    "-c:v libx265 -tune zerolatency -g 48",
    "-c:v libvpx -g 48 -keyint_min 48",
    "-c:v libvpx-vp9 -b:v 1M -g 48 -keyint_min 48",
    "-c:v libaom-av1 -g 48 -keyint_min 48",
    "-c:v libsvtav1 -g 48",
    "-c:v libsvtav1 -svtav1-params keyint=48",
    "-c:v mpeg4 -g 48 -sc_threshold 1000000000",
    "-c:v mpeg2video -g 48 -sc_threshold 1000000000",
    "-c:v ffv1 -g 48",
  ]) {
    expect(`${fixed}: ${kindOf(fixed)}`).toBe(`${fixed}: every 48`);
    expect(cutDistance(parseEncodeParams(fixed))).toBe(48);
  }
});

test("where the pictures decide, the distance is a bound, and segments begin anywhere", () => {
  for (const free of [
    "-c:v libx264 -g 48",
    "-c:v libx264 -g 48 -keyint_min 48",
    "-c:v libx264 -preset ultrafast -g 48 -sc_threshold 40",
    "-c:v libx264 -preset ultrafast -g 48 -x264-params scenecut=40",
    "-c:v libx265 -g 48",
    "-c:v libx265 -g 48 -keyint_min 24",
    "-c:v mpeg4 -g 48",
    "-c:v libxvid -g 48",
  ]) {
    expect(`${free}: ${kindOf(free)}`).toBe(`${free}: most 48`);
    expect(cutDistance(parseEncodeParams(free))).toBeNull();
  }
});

test("what is only usual is cut at, and held to the bound; what nobody has measured is not held", () => {
  for (const usual of ["-c:v libvpx-vp9 -g 48", "-c:v libvpx -g 48", "-c:v libaom-av1 -g 48 -keyint_min 12"]) {
    expect(`${usual}: ${kindOf(usual)}`).toBe(`${usual}: usual 48`);
    expect(cutDistance(parseEncodeParams(usual))).toBe(48);
  }
  for (const unknown of ["-c:v h264_nvenc -g 48 -no-scenecut 1", "-c:v h264 -g 48", "-c:v hevc_vaapi -g 48"]) {
    expect(`${unknown}: ${kindOf(unknown)}`).toBe(`${unknown}: usual 48 not held`);
    expect(cutDistance(parseEncodeParams(unknown))).toBe(48);
  }
});

test("nothing is asked for, or every picture is a key frame", () => {
  for (const none of [
    "-c:v libx264 -sc_threshold 0",
    "-c:v libx264 -g 1",
    "-c:v libx264 -g 0",
    "-c:v libx264 -x264-params keyint=infinite:scenecut=0",
    "-c:v libx264 -g 48 -intra-refresh 1",
    "-c:v libx265 -x265-params keyint=-1:scenecut=0",
    "-c:v ffv1",
    "-c:v prores_ks -g 48",
    "-c:v mjpeg -g 48",
  ]) {
    expect(`${none}: ${kindOf(none)}`).toBe(`${none}: null`);
    expect(cutDistance(parseEncodeParams(none))).toBeNull();
  }
});

test("the distance that a translated codec states so that families agree is not one that was asked for", () => {
  const asked = parseEncodeParams("-c:v h264 -preset ultrafast");
  const { request } = translateRequest(asked, "libx264", EIGHT_BITS);
  expect(keyDistance(request)).toMatchObject({ frames: 250, kind: "every" });
  expect(keyDistanceAsked(asked, request)).toBeNull();
  const fixed = parseEncodeParams("-c:v h264 -preset ultrafast -g 48");
  const resolved = translateRequest(fixed, "libx264", EIGHT_BITS).request;
  expect(keyDistanceAsked(fixed, resolved)).toMatchObject({ frames: 48, kind: "every" });
});
