// Keeps this process and all that it starts to a part of the processors, by a control group of its own: cpu.max of version 2
// (Documentation/admin-guide/cgroup-v2.rst), cpu.cfs_quota_us of version 1. Where they may not be written there is no cap.
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const CGROUPS = "/sys/fs/cgroup";
const PERIOD_US = 100_000;
const OWN_NAME = /^ffcluster-(\d+)$/;

export interface Cap {
  /** For people: what keeps to it. */
  readonly by: string;
  /** Lets the process go, as far as the system lets it. */
  release(): Promise<void>;
}

interface Where {
  /** The process's own group, per /proc/self/cgroup. */
  readonly text: string;
  readonly root: string;
  readonly pid: number;
}

/** `cores`: so many of them, perhaps a part of one. Null: no control group may be made here. */
export async function capByCgroup(cores: number, where?: Where): Promise<Cap | null> {
  const { text, root, pid } = where ?? { text: await ownGroups(), root: CGROUPS, pid: process.pid };
  const quota = Math.max(1000, Math.round(cores * PERIOD_US));
  const first = /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(\/.*)$/m.exec(text)?.[1];
  if (first !== undefined) return await tryCap(() => capByVersion1(join(root, "cpu", first), quota, pid));
  const second = /^0::(\/.*)$/m.exec(text)?.[1];
  return second === undefined ? null : await tryCap(() => capByVersion2(join(root, second), quota, pid));
}

async function ownGroups(): Promise<string> {
  return await readFile("/proc/self/cgroup", "utf8").catch(() => "");
}

/** Whatever the system refuses means that there is no cap by it. */
async function tryCap(cap: () => Promise<Cap>): Promise<Cap | null> {
  try {
    return await cap();
  } catch {
    return null;
  }
}

async function capByVersion1(parent: string, quota: number, pid: number): Promise<Cap> {
  const own = await makeGroup(parent, pid);
  try {
    await order(join(own, "cpu.cfs_period_us"), PERIOD_US);
    await order(join(own, "cpu.cfs_quota_us"), quota);
    await order(join(own, "cgroup.procs"), pid);
  } catch (thrown) {
    await rmdir(own);
    throw thrown;
  }
  return { by: "a control group", release: () => leave(own, parent, pid) };
}

/** A group with processes of its own hands out no controllers: this one goes into the new group first, and must be alone. */
async function capByVersion2(parent: string, quota: number, pid: number): Promise<Cap> {
  const own = await makeGroup(parent, pid);
  const controllers = join(parent, "cgroup.subtree_control");
  try {
    await order(join(own, "cgroup.procs"), pid);
    await order(controllers, "+cpu");
    await order(join(own, "cpu.max"), `${quota} ${PERIOD_US}`);
  } catch (thrown) {
    await leave(own, parent, pid);
    throw thrown;
  }
  return {
    by: "a control group",
    async release() {
      await order(controllers, "-cpu").catch(() => undefined); // others of the group may have it
      await leave(own, parent, pid);
    },
  };
}

/** Removes those that processes left when they were killed. */
async function makeGroup(parent: string, pid: number): Promise<string> {
  for (const name of await readdir(parent)) {
    const left = Number(OWN_NAME.exec(name)?.[1]);
    if (left > 0 && !isAlive(left)) await rmdir(join(parent, name)).catch(() => undefined); // something lives in it
  }
  const own = join(parent, `ffcluster-${pid}`);
  await mkdir(own);
  return own;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The next start removes what can't be removed now. */
async function leave(own: string, parent: string, pid: number): Promise<void> {
  await order(join(parent, "cgroup.procs"), pid).catch(() => undefined);
  await rmdir(own).catch(() => undefined);
}

async function order(path: string, value: string | number): Promise<void> {
  await writeFile(path, `${value}\n`, { flag: "r+" });
}
