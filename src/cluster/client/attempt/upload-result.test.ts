import { expect, test } from "bun:test";
import { createBackoff } from "../../../base/network/backoff.ts";
import { createOutbox } from "../link/outbox.ts";
import { headerJson } from "./upload-result.ts";

test("a report travels in a header whatever ffmpeg said", () => {
  const report = {
    clientId: "c",
    secret: "0".repeat(64),
    sha256: "0",
    bytes: 1,
    frames: 1,
    seconds: 1,
    encoder: "libx264",
    ffmpegVersion: "5.1",
    seamStart: null,
    seamAfterEnd: null,
    decodeErrors: ["čeština 🎬 \n\u007f"],
  };
  const text = headerJson(report);
  expect(text).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(text)).toEqual(report);
});

test("waits grow by 1.7 to the cap, with jitter around them, and start over after a reset", () => {
  const middle = createBackoff(1000, 4000, () => 0.5);
  expect([middle.next(), middle.next(), middle.next(), middle.next(), middle.next()]).toEqual([
    1000, 1700, 2890, 4000, 4000,
  ]);
  middle.reset();
  expect(middle.next()).toBe(1000);
  expect(createBackoff(1000, 4000, () => 0).next()).toBe(750);
  expect(createBackoff(1000, 4000, () => 1).next()).toBe(1250);
});

test("the outbox waits for a link that works, and a waiter may leave", async () => {
  const outbox = createOutbox();
  const said: string[] = [];
  const { signal } = new AbortController();
  const leaver = new AbortController();
  const left = outbox.whenUp(leaver.signal);
  leaver.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  expect(outbox.send({ type: "heartbeat" })).toBe(false);
  const delivered = outbox.deliver({ type: "goodbye" }, signal);
  outbox.use({ send: () => false });
  outbox.use(null);
  outbox.use({ send: (message) => said.push(message.type) > 0 });
  await delivered;
  await outbox.whenUp(signal);
  expect(said).toEqual(["goodbye"]);
});
