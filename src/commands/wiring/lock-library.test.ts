import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { lockLibrary } from "./lock-library.ts";

function refusal(act: () => unknown): AppError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error("not refused");
}

test("a folder of outputs has one run at a time, which is named; the next one takes it over", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lock-library-"));
  const held = lockLibrary(folder, "ffcluster watch");
  const error = refusal(() => lockLibrary(folder, "ffcluster submit"));
  expect(error.code).toBe("E_WORK_DIR_LOCKED");
  expect(error.message).toContain(`${folder} is in use by ffcluster watch (process ${process.pid} on host`);
  held?.[Symbol.dispose]();
  lockLibrary(folder, "ffcluster submit")?.[Symbol.dispose]();
  await rm(folder, { recursive: true });
});

test("where no lock can be made, the run goes on without", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lock-library-"));
  await writeFile(join(folder, "file"), "");
  expect(lockLibrary(join(folder, "file"), "ffcluster submit")).toBeNull();
  await rm(folder, { recursive: true });
});
