// Routes of clients: list, show, drain, pause, resume, disconnect.
import { clientListQuerySchema } from "../contract.ts";
import { json, readQuery } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";
import { follow } from "./follow.ts";
import { pageResponse, pageWanted } from "./page.ts";

function list({ coordinator, url }: Call): Response {
  const { status, ...page } = readQuery(url, clientListQuerySchema);
  return pageResponse(coordinator.listClients({ ...pageWanted(page), statuses: status ?? null }), url);
}

export const clientRoutes: readonly Route[] = [
  route("GET /api/v1/clients", list),
  route("GET /api/v1/clients/watch", follow("client")),
  route("GET /api/v1/watch", follow("job", "client")),
  route("GET /api/v1/clients/:id", ({ coordinator, param }) => json(coordinator.clientDetail(param("id")))),
  route("POST /api/v1/clients/:id/disconnect", async ({ coordinator, param }) =>
    json(await coordinator.disconnectClient(param("id"))),
  ),
  route("POST /api/v1/clients/:id/drain", ({ coordinator, param }) => json(coordinator.drainClient(param("id")))),
  route("POST /api/v1/clients/:id/pause", ({ coordinator, param }) => json(coordinator.pauseClient(param("id")))),
  route("POST /api/v1/clients/:id/resume", ({ coordinator, param }) => json(coordinator.resumeClient(param("id")))),
];
