import { expect, test } from "bun:test";
import { AppError } from "../../../base/errors.ts";
import { FrameQueue } from "./frame-queue.ts";

const { signal } = new AbortController();
const picture = (bytes: number) => new Uint8Array(bytes);
const codeOf = (thrown: unknown) => (thrown instanceof AppError ? thrown.code : thrown);

test("one at a time for each token, two in all, and what has been made is not made again", async () => {
  const queue = new FrameQueue();
  const open: (() => void)[] = [];
  const made: string[] = [];
  const ask = (token: string, key: string) =>
    queue.run(token, key, signal, async () => {
      made.push(key);
      await new Promise<void>((resolve) => open.push(resolve));
      return picture(1);
    });
  const all = [ask("a", "1"), ask("a", "2"), ask("b", "3"), ask("c", "4")];
  await Bun.sleep(0);
  expect(made).toEqual(["1", "3"]);
  while (made.length < 4 || open.length > 0) {
    open.shift()?.();
    await Bun.sleep(0);
  }
  await Promise.all(all);
  await ask("b", "1");
  expect(made.toSorted()).toEqual(["1", "2", "3", "4"]);
});

test("whoever has left is not waited for, and a token has few that wait", async () => {
  const queue = new FrameQueue();
  let end = (): void => undefined;
  const held = queue.run("a", "0", signal, () => new Promise((resolve) => (end = () => resolve(picture(1)))));
  const left = queue.run("a", "1", AbortSignal.abort(), async () => picture(1)).catch(codeOf);
  const waiting = Array.from({ length: 9 }, (_, at) =>
    queue.run("a", `w${at}`, signal, async () => picture(1)).catch(codeOf),
  );
  end();
  await held;
  expect(await left).toBe("E_INTERRUPTED");
  expect((await Promise.all(waiting)).filter((each) => each === "E_BUSY").length).toBe(2);
});

test("the oldest make room", async () => {
  const queue = new FrameQueue();
  let made = 0;
  const ask = (key: string) =>
    queue.run("a", key, signal, async () => {
      made += 1;
      return picture(40 * 1024 * 1024);
    });
  for (const key of ["1", "2", "1"]) await ask(key);
  expect(made).toBe(3);
});
