// Ending a child where another program does that (taskkill on Windows; shown here with programs that stand for it).
import { expect, test } from "bun:test";
import { endTreeBy } from "./terminate.ts";

const RUNNING = "setInterval(() => {}, 1000)";
const started = () => Bun.spawn([process.execPath, "-e", RUNNING], { stdin: "ignore", stdout: "ignore" });
const says = (status: number) => [process.execPath, "-e", `setTimeout(() => process.exit(${status}), 300)`];

test("this process goes on meanwhile, and what the other program can't end is ended all the same", async () => {
  const child = started();
  let hasGoneOn = false;
  const ended = endTreeBy(says(1), child.pid);
  setTimeout(() => {
    hasGoneOn = true;
  }, 0);
  await ended;
  expect(hasGoneOn).toBe(true);
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
}, 60_000);

test("without that program the child itself is ended; with one that succeeds nothing more is done", async () => {
  const [first, second] = [started(), started()];
  await endTreeBy(["/nowhere/taskkill"], first.pid);
  await first.exited;
  expect(first.signalCode).toBe("SIGKILL");
  await endTreeBy(says(0), second.pid);
  expect(second.exitCode).toBeNull();
  second.kill("SIGKILL");
  await second.exited;
  await endTreeBy(says(1), second.pid); // gone already
}, 60_000);
