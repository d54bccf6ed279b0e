// Routes of clients: list, show, drain, pause, resume, disconnect.
import { json } from "../responses.ts";
import { type Route, route } from "../router.ts";

export const clientRoutes: readonly Route[] = [
  route("GET /api/v1/clients", ({ coordinator }) => json(coordinator.listClients())),
  route("GET /api/v1/clients/:id", ({ coordinator, param }) => json(coordinator.clientDetail(param("id")))),
  route("POST /api/v1/clients/:id/disconnect", async ({ coordinator, param }) =>
    json(await coordinator.disconnectClient(param("id"))),
  ),
  route("POST /api/v1/clients/:id/drain", ({ coordinator, param }) => json(coordinator.drainClient(param("id")))),
  route("POST /api/v1/clients/:id/pause", ({ coordinator, param }) => json(coordinator.pauseClient(param("id")))),
  route("POST /api/v1/clients/:id/resume", ({ coordinator, param }) => json(coordinator.resumeClient(param("id")))),
];
