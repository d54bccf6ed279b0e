// Plays a file in a real browser without a window: a page with a <video> on a loopback server that answers ranges,
// which tells when it has played so far, or what went wrong.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Played {
  readonly seconds: number;
  readonly duration: number;
  readonly width: number;
  /** What the element or the browser said; null when it played. */
  readonly error: string | null;
}

function page(seconds: number): string {
  return `<!doctype html><title>play</title><video id="v" src="/media" muted autoplay playsinline></video><script>
    const video = document.getElementById("v");
    let isOver = false;
    const tell = (error) => {
      if (isOver) return;
      isOver = true;
      const said = { seconds: video.currentTime, duration: video.duration, width: video.videoWidth, error };
      void fetch("/told", { method: "POST", body: JSON.stringify(said) });
    };
    video.addEventListener("error", () => tell("media error " + video.error.code + ": " + video.error.message));
    video.addEventListener("timeupdate", () => { if (video.currentTime > ${seconds}) tell(null); });
    video.play().catch((thrown) => tell(String(thrown)));
  </script>`;
}

/** The part that a Range header asks for, as browsers ask. */
function rangeOf(header: string | null, size: number): { from: number; to: number } | null {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(header ?? "");
  if (!asked) return null;
  return { from: Number(asked[1]), to: asked[2] === "" ? size - 1 : Math.min(size - 1, Number(asked[2])) };
}

function mediaResponse(path: string, range: string | null): Response {
  const file = Bun.file(path);
  const headers = { "content-type": "video/mp4", "accept-ranges": "bytes" };
  const part = rangeOf(range, file.size);
  if (part === null) return new Response(file, { headers });
  return new Response(file.slice(part.from, part.to + 1), {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${part.from}-${part.to}/${file.size}` },
  });
}

/** What the page told, at most `boundMs` after its start. */
export async function playSeconds(browser: string, path: string, seconds: number, boundMs: number): Promise<Played> {
  const told = Promise.withResolvers<Played>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/media") return mediaResponse(path, request.headers.get("range"));
      if (pathname === "/told") {
        told.resolve((await request.json()) as Played);
        return new Response(null, { status: 204 });
      }
      return new Response(page(seconds), { headers: { "content-type": "text/html" } });
    },
  });
  const profile = await mkdtemp(join(tmpdir(), "ffcluster-browser-"));
  const child = Bun.spawn(
    [
      browser,
      ...[
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--mute-audio",
        "--no-first-run",
        "--disable-dev-shm-usage",
      ],
      ...["--autoplay-policy=no-user-gesture-required", `--user-data-dir=${profile}`, server.url.href],
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "pipe", env: { ...process.env, HOME: profile } },
  );
  const stderr = child.stderr.text();
  const limit = setTimeout(() => {
    told.resolve({ seconds: 0, duration: 0, width: 0, error: `nothing played within ${boundMs} ms` });
  }, boundMs);
  void child.exited.then(async (exitCode) => {
    const words = (await stderr).slice(-1000);
    told.resolve({ seconds: 0, duration: 0, width: 0, error: `the browser ended with ${exitCode}: ${words}` });
  });
  try {
    return await told.promise;
  } finally {
    clearTimeout(limit);
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await child.exited;
    clearTimeout(killer);
    await server.stop(true);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
