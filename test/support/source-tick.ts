// The time base of a file's video stream, as a word for `-enc_time_base` that every version of ffmpeg takes: "-1" for it is
// gone in 9.0, "demux" came with 6.1.

/** e.g. "1/24000". `stream`: as ffprobe selects it. */
export async function sourceTick(ffprobe: string, path: string, stream = "V:0"): Promise<string> {
  const asked = ["-select_streams", stream, "-show_entries", "stream=time_base", "-of", "default=nw=1:nk=1"];
  const child = Bun.spawn([ffprobe, "-v", "error", ...asked, path], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, words] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const tick = /^\d+\/\d+$/m.exec(text)?.[0];
  if (tick === undefined) throw new Error(`no time base of ${stream} in ${path}: ${words}`);
  return tick;
}
