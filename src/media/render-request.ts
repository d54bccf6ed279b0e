// stand-in until request/ lands
import type { EncodeRequest } from "./request/encode-request.ts";
export function videoEncoderArgs(r: EncodeRequest, o: { threads: number | null }): string[] {
  return [
    "-c:v",
    r.video.encoder,
    ...(r.video.quality ? [`-${r.video.quality.kind}`, String(r.video.quality.value)] : []),
    ...(r.video.preset ? ["-preset", r.video.preset] : []),
    ...(r.video.bitrate === null ? [] : ["-b:v", String(r.video.bitrate)]),
    ...(r.video.pixelFormat ? ["-pix_fmt", r.video.pixelFormat] : []),
    ...(o.threads === null ? [] : ["-threads", String(o.threads)]),
  ];
}
export function videoFilterChain(r: EncodeRequest): string {
  return [
    ...r.filters.map((f) => `${f.name}=${f.options.map(([k, v]) => `${k}=${v}`).join(":")}`),
    ...(r.video.frameRate ? [`fps=${r.video.frameRate}`] : []),
  ].join(",");
}
export function audioEncoderArgs(r: EncodeRequest, encoder: string): string[] {
  const a = r.audio;
  return [
    "-c:a",
    encoder,
    ...(a.mode === "encode" && a.bitrate !== null ? ["-b:a", String(a.bitrate)] : []),
    ...(a.mode === "encode" && a.channels !== null ? ["-ac", String(a.channels)] : []),
  ];
}
