// Which video stream of a file is the main one where nobody says: the first that is no attached picture and has pictures.
// Uses no code of the product.

interface Stream {
  readonly index: number;
  readonly width?: number;
  readonly time_base: string;
  readonly disposition: { readonly attached_pic: number };
}

export interface MainVideo {
  readonly index: number;
  /** Seconds per tick, e.g. "1/24000". */
  readonly timeBase: string;
}

export async function mainVideo(path: string): Promise<MainVideo> {
  const entries = "stream=index,width,time_base:stream_disposition=attached_pic";
  const asked = ["-select_streams", "v", "-show_entries", entries];
  const child = Bun.spawn(["ffprobe", "-v", "error", ...asked, "-of", "json", path], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    env: { GCONV_PATH: "/nonexistent/gconv", ...process.env },
  });
  const { streams } = JSON.parse(await new Response(child.stdout).text()) as { readonly streams: readonly Stream[] };
  const videos = streams.filter(({ disposition }) => disposition.attached_pic === 0);
  const main = videos.find(({ width = 0 }) => width > 0) ?? videos[0];
  if (main === undefined) throw new Error(`no video in ${path}`);
  return { index: main.index, timeBase: main.time_base };
}
