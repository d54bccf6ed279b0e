import { expect, test } from "bun:test";
import { whenFree } from "./busy-files.ts";

const failure = (code: string) => Object.assign(new Error(code), { code });

function failing(codes: readonly string[]) {
  const left = [...codes];
  let tries = 0;
  const step = async () => {
    tries++;
    const code = left.shift();
    if (code !== undefined) throw failure(code);
    return "done";
  };
  return { step, tries: () => tries };
}

test("a file that a scanner has open for a moment is waited for, on Windows", async () => {
  const { step, tries } = failing(["EPERM", "EBUSY"]);
  expect(await whenFree(step, "win32")).toBe("done");
  expect(tries()).toBe(3);
});

test("any other failure is one at once, and so are those elsewhere", async () => {
  for (const [code, platform] of [["ENOSPC", "win32"] as const, ["EPERM", "linux"] as const]) {
    const { step, tries } = failing([code]);
    expect(whenFree(step, platform)).rejects.toThrow(code);
    expect(tries()).toBe(1);
  }
});
