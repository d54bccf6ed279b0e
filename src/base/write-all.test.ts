import { expect, test } from "bun:test";
import { type WritableFile, writeAll } from "./write-all.ts";

/** A disk that takes three bytes at a time. */
function narrowFile(): WritableFile & { readonly content: Uint8Array } {
  const content = new Uint8Array(16);
  let own = 0;
  return {
    content,
    async write(bytes, offset, length, position) {
      const taken = bytes.subarray(offset, offset + Math.min(3, length));
      content.set(taken, position ?? own);
      own += position === null ? taken.length : 0;
      return { bytesWritten: taken.length };
    },
  };
}

test("what a disk takes in pieces is written whole", async () => {
  const file = narrowFile();
  await writeAll(file, new Uint8Array([1, 2, 3, 4, 5, 6, 7]), null);
  await writeAll(file, new Uint8Array([8, 9]), null);
  await writeAll(file, new Uint8Array([10, 11, 12, 13]), 12);
  expect([...file.content]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 10, 11, 12, 13]);
});
