#!/usr/bin/env node
// Starts the executable of this machine's platform, which npm installed as an optional package. Signals go on to it, and
// its exit status is ours.
"use strict";
const { spawn } = require("node:child_process");
const { constants } = require("node:os");

function fail(message) {
  process.stderr.write(`ffcluster: ${message}\n`);
  process.exit(1);
}

function platformName() {
  const system = { linux: "linux", darwin: "darwin", win32: "windows" }[process.platform] ?? process.platform;
  const isMusl = process.platform === "linux" && process.report?.getReport().header.glibcVersionRuntime === undefined;
  return `${system}-${process.arch}${isMusl ? "-musl" : ""}`;
}

function findExecutable() {
  const name = `@ffcluster/${platformName()}`;
  const file = process.platform === "win32" ? "ffcluster.exe" : "ffcluster";
  try {
    return require.resolve(`${name}/${file}`);
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    const hint = "npm leaves it out under --omit=optional: install ffcluster again without that.";
    fail(`the package ${name} is not installed, or there is none for this platform. ${hint}`);
  }
}

const executable = findExecutable();
const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
let child;
// Taken before there is a child, since a signal that came between would leave it alone. A terminal sends SIGINT and SIGQUIT
// to the whole group: the child has them already, and this process only waits.
for (const signal of signals) {
  process.on(signal, () => {
    if (signal === "SIGTERM" || signal === "SIGHUP" || !process.stdin.isTTY) child.kill(signal);
  });
}
child = spawn(executable, process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => fail(`it could not be started: ${error.message}`));
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
