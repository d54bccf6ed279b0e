// Routes of clients: list, show, drain, pause, resume, disconnect.
import { API_PREFIX } from "../contract.ts";
import { json } from "../responses.ts";
import { type Route, route } from "../router.ts";

const clientPath = `${API_PREFIX}/clients/:id`;

export const clientRoutes: readonly Route[] = [
  route("GET", `${API_PREFIX}/clients`, ({ coordinator }) => json(coordinator.listClients())),
  route("GET", clientPath, ({ coordinator, param }) => json(coordinator.clientDetail(param("id")))),
  route("POST", `${clientPath}/disconnect`, async ({ coordinator, param }) =>
    json(await coordinator.disconnectClient(param("id"))),
  ),
  route("POST", `${clientPath}/drain`, ({ coordinator, param }) => json(coordinator.drainClient(param("id")))),
  route("POST", `${clientPath}/pause`, ({ coordinator, param }) => json(coordinator.pauseClient(param("id")))),
  route("POST", `${clientPath}/resume`, ({ coordinator, param }) => json(coordinator.resumeClient(param("id")))),
];
