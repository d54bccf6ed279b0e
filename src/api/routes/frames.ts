// What people compare: the quality of an output over time, and one picture of it or of its source.
import { AppError } from "../../base/errors.ts";
import { frameQuerySchema } from "../contract.ts";
import { json, readQuery } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";

/** The picture of a number never changes. */
async function frame({ coordinator, request, url, param, who }: Call): Promise<Response> {
  const number = param("n");
  if (!/^\d{1,9}$/.test(number))
    throw new AppError("E_MALFORMED", `${JSON.stringify(number)} is no number of a picture`, "They count from 0.");
  const { side } = readQuery(url, frameQuerySchema);
  const id = param("id");
  const { sha256 } = await coordinator.output(id);
  const headers = {
    "content-type": "image/png",
    "cache-control": "private, no-cache",
    etag: `"${sha256.slice(0, 32)}-${side}-${Number(number)}"`,
  };
  if (request.headers.get("if-none-match") === headers.etag) return new Response(null, { status: 304, headers });
  const signal = AbortSignal.any([request.signal, who.ended]);
  const picture = await coordinator.frame(id, { frame: Number(number), side }, who, signal);
  return new Response(picture, { headers });
}

export const frameRoutes: readonly Route[] = [
  route("GET /api/v1/jobs/:id/comparison", async ({ coordinator, param }) =>
    json(await coordinator.comparison(param("id"))),
  ),
  route("GET /api/v1/jobs/:id/frames/:n", frame),
];
