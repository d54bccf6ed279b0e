import { expect, test } from "bun:test";
import { accessListArgs, sidIn } from "./owner-only.ts";
import { systemProgram } from "./system-program.ts";

test("the id is that of the user, whatever stands in the name", () => {
  expect(sidIn('"desktop\\me","S-1-5-21-1004336348-1177238915-682003330-1001"\r\n')).toBe(
    "S-1-5-21-1004336348-1177238915-682003330-1001",
  );
  expect(sidIn('"pc\\S-1-5-18","S-1-5-21-7"')).toBe("S-1-5-21-7");
  expect(sidIn("ERROR: unable to get user")).toBeNull();
});

test("one user, nothing inherited, no shell between", () => {
  const path = 'C:\\Users\\a & b "c"\\token';
  expect(accessListArgs(path, "S-1-5-21-7", "file")).toEqual([
    path,
    "/inheritance:r",
    "/grant:r",
    "*S-1-5-21-7:F",
    "/q",
  ]);
  expect(accessListArgs("C:\\work\\db", "S-1-5-21-7", "folder")).toContain("*S-1-5-21-7:(OI)(CI)F");
});

test("the programs are those of the system", () => {
  expect(systemProgram("icacls", { SystemRoot: "D:\\WIN" })).toBe("D:\\WIN\\System32\\icacls.exe");
  expect(systemProgram("icacls", {})).toBe("C:\\Windows\\System32\\icacls.exe");
});
