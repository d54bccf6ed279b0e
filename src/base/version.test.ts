import { expect, test } from "bun:test";
import { machineKind } from "./version.ts";

test("machines have the names of releases", () => {
  expect(machineKind("win32", "x64")).toBe("windows-x64");
  expect(machineKind("linux", "arm64")).toBe("linux-arm64");
  expect(machineKind("darwin", "arm64")).toBe("darwin-arm64");
});
