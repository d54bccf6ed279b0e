import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHangupIgnored } from "./hangup.ts";

test("the mask of ignored signals tells; without /proc the terminal does", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-hangup-"));
  const status = join(folder, "status");
  try {
    await writeFile(status, "Name:\tffcluster\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n");
    expect(isHangupIgnored(status)).toBe(true);
    await writeFile(status, "Name:\tffcluster\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n");
    expect(isHangupIgnored(status)).toBe(false);
    const isSeen = process.stdout.isTTY === true || process.stderr.isTTY === true;
    expect(isHangupIgnored(join(folder, "nothing"))).toBe(!isSeen);
  } finally {
    await rm(folder, { recursive: true });
  }
});
