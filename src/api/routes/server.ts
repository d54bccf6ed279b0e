// Routes of the server itself: health, version and defaults, and whether it would accept an encode request.
import { API_PREFIX, requestCheckSchema } from "../contract.ts";
import { json, readJson } from "../responses.ts";
import { type Route, route } from "../router.ts";

export const HEALTH_PATH = "/healthz";

export const serverRoutes: readonly Route[] = [
  route("GET", HEALTH_PATH, ({ version }) => json({ status: "ok", version })),
  route("GET", `${API_PREFIX}/hello`, ({ coordinator }) => json(coordinator.info())),
  route("POST", `${API_PREFIX}/requests/check`, async ({ coordinator, request }) => {
    const wanted = await readJson(request, requestCheckSchema);
    const { outputName } = coordinator.checkRequest(
      wanted.ffmpeg_params,
      wanted.output_name,
      wanted.input_name,
      wanted.has_subtitles,
    );
    return json({ output_name: outputName });
  }),
];
