// What a whole job leaves on server, client and submitter is for their user alone, whatever the umask is: also what a client
// leaves behind that is killed in mid-work, and what is made only for a moment.
import { expect, test } from "bun:test";
import { lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, until } from "../support/cluster.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const OPEN_UMASK = ["/bin/sh", "-c", 'umask 0; exec "$0" "$@"'];
const CLIENT_NAME = "killed";

/** Each path below `root` and its mode; what goes meanwhile is left out. */
async function modesBelow(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const names = await readdir(root, { recursive: true }).catch(() => []);
  for (const name of ["", ...names]) {
    const facts = await lstat(join(root, name)).catch(() => null);
    if (facts !== null)
      found.set(name, `${facts.isDirectory() ? "folder" : "file"} ${(facts.mode & 0o777).toString(8)}`);
  }
  return found;
}

test.skipIf(process.platform === "win32")(
  "folders 0700 and files 0600, under umask 0, by server, client and a submitter that participates",
  async () => {
    await using cluster = await Cluster.make();
    const source = cluster.path("in.mkv");
    await makeSynthetic(source, { frames: 150, gop: 25, size: "192x108", withSound: true });
    const work = [
      "--host",
      "0.0.0.0",
      "--port",
      "0",
      "--work-dir",
      cluster.workDir,
      "--token",
      cluster.token,
      "--json",
    ];
    const server = cluster.start("serve", ["serve", ...work], {}, OPEN_UMASK);
    await until(
      "the server is ready",
      60_000,
      async () => server.stdout() !== "" && server.stderr().includes("Ready."),
    );
    const { port } = JSON.parse(server.stdout()) as { port: number };
    // Not taken for this machine's own: source, blocks, results and output travel.
    const address = `http://127.1:${port}`;
    const killedDir = cluster.path(`${CLIENT_NAME}-work`);
    const roots = [cluster.workDir, killedDir, cluster.path("work"), cluster.path("config/ffcluster")];
    const seen = new Map<string, string>();
    const look = async () => {
      for (const root of roots)
        for (const [name, mode] of await modesBelow(root))
          seen.set(join(root, name).slice(cluster.folder.length), mode);
    };
    const sees = (pattern: RegExp) => async () => {
      await look();
      return [...seen.keys()].some((path) => pattern.test(path));
    };
    const token = ["--token", cluster.token];
    const own = ["join", "--server", address, ...token, "--name", CLIENT_NAME, "--work-dir", killedDir];
    const client = cluster.start(CLIENT_NAME, [...own, "--source-access", "gateway"], {}, OPEN_UMASK);
    await until("the client is connected", 60_000, async () => client.stderr().includes("Connected to"));
    const asked = ["--participate", "--ffmpeg-params", "-c:v libx264 -preset veryslow -c:a aac", "-o", "o.mkv"];
    const submit = cluster.start("submit", ["submit", source, ...asked, "--server", address, ...token], {}, OPEN_UMASK);
    await until("the client writes a segment", 60_000, sees(new RegExp(`^/${CLIENT_NAME}-work/.*/segment\\.nut`)));
    client.kill("SIGKILL");
    await until("the submitter writes one, too", 60_000, sees(/^\/work\/.*\/segment\.nut/));
    let hasEnded = false;
    void submit.exited.then(() => {
      hasEnded = true;
    });
    await until("the job has ended", 120_000, async () => {
      await look();
      return hasEnded;
    });
    expect([await submit.exited, submit.stderr()]).toEqual([0, expect.stringContaining("exact")]);
    const kinds = [
      ...[
        /server\/[^/]+\/.*\.nut$/,
        /output\.mkv$/,
        /uploads\/.*\.mkv$/,
        /proof\.json$/,
        /server\.db(?:-wal)?$/,
        /client\.db$/,
      ],
      ...[/audit\.jsonl$/, /tls\/key\.pem$/, /cache\//, /server-work\/token$/, /config\/.*tokens\.json$/],
    ];
    for (const kind of kinds) expect([kind, [...seen.keys()].some((path) => kind.test(path))]).toEqual([kind, true]);
    expect([...seen].filter(([, mode]) => mode !== "folder 700" && mode !== "file 600")).toEqual([]);
    // The submitter's own file is as the submitter's umask wants it.
    expect((await stat(cluster.path("o.mkv"))).mode & 0o777).toBe(0o666);
    server.kill("SIGTERM");
    await server.exited;
  },
  300_000,
);
