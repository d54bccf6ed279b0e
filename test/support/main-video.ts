// Which video stream of a file is the main one where nobody says: the first that is no attached picture and has pictures.
// Uses no code of the product.

interface Stream {
  readonly index: number;
  readonly width?: number;
  readonly disposition: { readonly attached_pic: number };
}

/** Its index. */
export async function mainVideo(path: string): Promise<number> {
  const asked = ["-select_streams", "v", "-show_entries", "stream=index,width:stream_disposition=attached_pic"];
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
  return main.index;
}
