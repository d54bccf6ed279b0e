// The whole command: what is there inside, in which order, and that the guard inside is told what is left to it.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bubblewrapCommand } from "./bubblewrap.ts";
import { CONFINED_TO, type Confinement } from "./confinement.ts";

const CONFINEMENT = {
  ...{ programs: ["/usr", "/opt/ff/lib"], reads: ["/proc", "/dev/zero", "/films/a.mkv", "/proc/self/fd/3"] },
  ...{ devices: ["/dev/null", "/dev/dri"], ports: [], memoryBytes: 5, isRequired: true, bubblewrap: "/usr/bin/bwrap" },
} as const;

/** What is mounted how, in order. */
function mounts(command: readonly string[]): string[] {
  return command.flatMap((word, at) => (/-bind-try$|^--bind-try$/.test(word) ? [`${word} ${command[at + 2]}`] : []));
}

test("a folder comes before what is in it; what is made anew inside is not taken from outside", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-bwrap-"));
  const writes = [join(folder, "segment.nut")];
  const confinement = { ...CONFINEMENT, writes, reads: [...CONFINEMENT.reads, folder] };
  const command = bubblewrapCommand(confinement, ["/opt/ffcluster"], ["/opt/ffcluster", "__exec", "/usr/bin/ffmpeg"]);
  expect(existsSync(writes[0] ?? "")).toBe(true); // a mount needs it
  expect(mounts(command)).toEqual(
    [
      ...[
        ["--ro-bind-try", "/usr"],
        ["--ro-bind-try", "/opt/ff/lib"],
        ["--ro-bind-try", "/opt/ffcluster"],
      ],
      ...[
        ["--ro-bind-try", "/films/a.mkv"],
        ["--ro-bind-try", folder],
        ["--bind-try", writes[0]],
      ],
      ["--dev-bind-try", "/dev/dri"],
    ]
      .toSorted(([, a = ""], [, b = ""]) => a.split("/").length - b.split("/").length)
      .map((mount) => mount.join(" ")),
  );
  expect(command.slice(command.indexOf("--"))).toEqual(["--", "/opt/ffcluster", "__exec", "/usr/bin/ffmpeg"]);
  const told = JSON.parse(command[command.indexOf(CONFINED_TO) + 1] ?? "") as Confinement;
  expect(told).toEqual({ ...confinement, bubblewrap: null, isRequired: false });
  await rm(folder, { recursive: true });
});

test("the network is there only for a run that has a gateway", () => {
  const without = bubblewrapCommand({ ...CONFINEMENT, writes: [] }, [], []);
  const withOne = bubblewrapCommand({ ...CONFINEMENT, writes: [], ports: [4711] }, [], []);
  expect([without.includes("--unshare-net"), withOne.includes("--unshare-net")]).toEqual([true, false]);
  for (const command of [without, withOne]) expect(command).toContain("--die-with-parent");
});
