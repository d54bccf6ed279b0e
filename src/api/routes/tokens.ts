// Routes of tokens: make, list, revoke, rotate; and the exchange of a join line's token for a client's own key.
import { enrolSchema, newTokenSchema } from "../contract.ts";
import { json, readJson } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";

async function create({ coordinator, request }: Call): Promise<Response> {
  const { name, role, expires_in_seconds: expiresInSeconds } = await readJson(request, newTokenSchema);
  return json(coordinator.createToken({ name, role, expiresInSeconds }), 201);
}

async function enrol({ coordinator, request, who }: Call): Promise<Response> {
  const { client_id: clientId, name } = await readJson(request, enrolSchema);
  return json({ key: coordinator.enrolClient(who, clientId, name) }, 201);
}

export const tokenRoutes: readonly Route[] = [
  route("GET /api/v1/tokens", ({ coordinator }) => json(coordinator.listTokens())),
  route("POST /api/v1/tokens", create),
  route("POST /api/v1/tokens/:name/revoke", ({ coordinator, param }) => json(coordinator.revokeToken(param("name")))),
  route("POST /api/v1/tokens/:name/rotate", async ({ coordinator, param }) =>
    json(await coordinator.rotateToken(param("name"))),
  ),
  route("POST /api/v1/enrol", enrol),
];
