import { expect, test } from "bun:test";
import { Once } from "./once.ts";

test("made once for all who ask, again after a failure", async () => {
  let made = 0;
  const once = new Once(async () => {
    made += 1;
    if (made === 1) throw new Error("not yet");
    return made;
  });
  await expect(Promise.all([once.get(), once.get()])).rejects.toThrow("not yet");
  expect(await Promise.all([once.get(), once.get()])).toEqual([2, 2]);
  expect(await once.get()).toBe(2);
});
