import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../../base/log.ts";
import { openBlockCache } from "./block-cache.ts";
import { BlockSource } from "./block-source.ts";

let folder: string;
let source: BlockSource;
/** Fetches that the source has begun, in order, to be answered by the test. */
let begun: { block: number; answer: (bytes: Uint8Array) => void; refuse: (error: Error) => void }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-block-source-"));
  begun = [];
  source = new BlockSource({
    sourceId: "s",
    blocks: 100,
    cache: await openBlockCache(join(folder, "cache"), 1 << 20, silentLog),
    fetch(block) {
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
      begun.push({ block, answer: resolve, refuse: reject });
      return promise;
    },
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytesOf = (block: number) => new Uint8Array([block]);
const asked = () => begun.map(({ block }) => block);

/** Answers fetches as they come until the source begins no more. */
async function answerAll(): Promise<void> {
  for (let done = 0; done < begun.length; ) {
    const next = begun[done];
    done += 1;
    next?.answer(bytesOf(next.block));
    await source.block(next?.block ?? 0);
    await Promise.resolve();
  }
}

test("a reader's next blocks are fetched ahead, four at a time, eight at most", async () => {
  const position = source.openPosition();
  const first = source.block(10);
  position.at(10);
  expect(asked()).toEqual([10, 11, 12, 13, 14]);
  begun[0]?.answer(bytesOf(10));
  expect(await first).toEqual(bytesOf(10));
  await answerAll();
  expect(asked()).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18]);
});

test("a position that is closed begins no more fetches", async () => {
  const position = source.openPosition();
  position.at(10);
  position.close();
  await answerAll();
  expect(asked()).toEqual([11, 12, 13, 14]);
});

test("prefetching yields to readers and ends when cancelled", async () => {
  const cancel = source.prefetch(50, 60);
  expect(asked()).toEqual([50, 51, 52, 53]);
  const position = source.openPosition();
  position.at(0);
  begun[0]?.answer(bytesOf(50));
  await source.block(50);
  await Promise.resolve();
  expect(asked()).toEqual([50, 51, 52, 53, 1]);
  position.close();
  cancel();
  await answerAll();
  expect(asked()).toEqual([50, 51, 52, 53, 1]);
});

test("a block that fails ahead is asked for again only by who needs it, who then gets the error", async () => {
  const position = source.openPosition();
  position.at(98);
  expect(asked()).toEqual([99]);
  const waiting = source.block(99);
  begun[0]?.refuse(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  position.at(98);
  expect(asked()).toEqual([99]);
  const again = source.block(99);
  expect(asked()).toEqual([99, 99]);
  begun[1]?.answer(bytesOf(99));
  expect(await again).toEqual(bytesOf(99));
});
