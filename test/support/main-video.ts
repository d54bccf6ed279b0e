// Which video stream of a file plain ffmpeg takes where nobody says: the largest picture, one that is marked as default
// before it ("Automatic stream selection"). Uses no code of the product.

interface Stream {
  readonly index: number;
  readonly width?: number;
  readonly height?: number;
  readonly disposition: { readonly default: number; readonly attached_pic: number };
}

/** Its index. */
export async function mainVideo(path: string): Promise<number> {
  const asked = [
    "-select_streams",
    "v",
    "-show_entries",
    "stream=index,width,height:stream_disposition=default,attached_pic",
  ];
  const child = Bun.spawn(["ffprobe", "-v", "error", ...asked, "-of", "json", path], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    env: { GCONV_PATH: "/nonexistent/gconv", ...process.env },
  });
  const { streams } = JSON.parse(await new Response(child.stdout).text()) as { readonly streams: readonly Stream[] };
  const score = ({ width = 0, height = 0, disposition }: Stream) => width * height + 5_000_000 * disposition.default;
  const [best] = streams
    .filter(({ disposition }) => disposition.attached_pic === 0)
    .toSorted((a, b) => score(b) - score(a));
  if (best === undefined) throw new Error(`no video in ${path}`);
  return best.index;
}
