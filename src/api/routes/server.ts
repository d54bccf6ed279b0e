// Routes of the server itself: health, version and defaults, and whether it would accept an encode request.
import { requestCheckSchema } from "../contract.ts";
import { json, readJson } from "../responses.ts";
import { type Route, route } from "../router.ts";

export const serverRoutes: readonly Route[] = [
  route("GET /healthz", ({ version }) => json({ status: "ok", version })),
  route("GET /metrics", async ({ coordinator }) => {
    const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" };
    return new Response(await coordinator.metrics(), { headers });
  }),
  route("GET /api/v1/hello", ({ coordinator }) => json(coordinator.info())),
  route("GET /api/v1/presets", ({ coordinator }) => json(coordinator.presets())),
  route("POST /api/v1/requests/check", async (call) => {
    const wanted = await readJson(call, requestCheckSchema);
    const { outputName, videoCodec } = call.coordinator.checkRequest(
      wanted.ffmpeg_params,
      wanted.output_name,
      wanted.input_name,
      wanted.has_subtitles,
    );
    return json({ output_name: outputName, video_codec: videoCodec });
  }),
];
