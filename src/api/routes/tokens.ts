// Routes of tokens: make, list, revoke, rotate; the exchange of a join line's token for a client's own key; the audit log.
import { auditQuerySchema, enrolSchema, newTokenSchema } from "../contract.ts";
import { json, readJson, readQuery } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";

async function create(call: Call): Promise<Response> {
  const { coordinator, about } = call;
  const { name, role, expires_in_seconds: expiresInSeconds } = await readJson(call, newTokenSchema);
  about(name);
  return json(coordinator.createToken({ name, role, expiresInSeconds }), 201);
}

async function enrol(call: Call): Promise<Response> {
  const { coordinator, who, about, spend } = call;
  const { client_id: clientId, name, proof } = await readJson(call, enrolSchema);
  spend("enrolments");
  about(clientId);
  return json({ key: coordinator.enrolClient(who, { clientId, name, proof }) }, 201);
}

/** Without an outward address of its own, the one that the caller uses. */
function invite({ coordinator, outward, url }: Call): Response {
  const asCalled = { server: url.host, tls_fingerprint: null, needs_ca_file: false };
  return json({ ...(outward?.() ?? asCalled), join_token: coordinator.joinToken() });
}

export const tokenRoutes: readonly Route[] = [
  route("GET /api/v1/invite", invite),
  route("GET /api/v1/tokens", ({ coordinator }) => json(coordinator.listTokens())),
  route("POST /api/v1/tokens", create),
  route("POST /api/v1/tokens/:name/revoke", ({ coordinator, param }) => json(coordinator.revokeToken(param("name")))),
  route("POST /api/v1/tokens/:name/rotate", async ({ coordinator, param }) =>
    json(await coordinator.rotateToken(param("name"))),
  ),
  route("POST /api/v1/enrol", enrol),
  route("GET /api/v1/audit", ({ coordinator, url }) =>
    json(coordinator.auditEntries(Number(readQuery(url, auditQuerySchema).limit))),
  ),
];
