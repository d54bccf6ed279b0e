// Routes of tokens: make, list, revoke, rotate; the exchange of a join line's token for a client's own key; the audit log.
import { auditQuerySchema, enrolSchema, newTokenSchema, tokenListQuerySchema } from "../contract.ts";
import { json, readJson, readQuery } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";
import { idempotencyOf, REPLAYED } from "./idempotency.ts";
import { numberOf, pageResponse, pageWanted } from "./page.ts";

async function create(call: Call): Promise<Response> {
  const { coordinator, who, about, shownToken } = call;
  const asked = await readJson(call, newTokenSchema);
  const wanted = { name: asked.name, role: asked.role, expiresInSeconds: asked.expires_in_seconds };
  about(asked.name);
  const once = idempotencyOf(call, asked);
  if (once === null) return json(coordinator.createToken(wanted), 201);
  const { token, isNew } = coordinator.createTokenOnce(wanted, who, { ...once, secret: shownToken() });
  return json(token, 201, isNew ? {} : REPLAYED);
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

function list({ coordinator, url }: Call): Response {
  const { state, role, ...page } = readQuery(url, tokenListQuerySchema);
  const wanted = { ...pageWanted(page), states: state ?? null, roles: role ?? null };
  return pageResponse(coordinator.listTokens(wanted), url);
}

/** The newest, in their order; the next page has those before them. Errors: E_MALFORMED. */
function audit({ coordinator, url }: Call): Response {
  const { limit, cursor } = readQuery(url, auditQuerySchema);
  const found = coordinator.auditEntries(Number(limit) + 1, cursor === undefined ? null : numberOf(cursor));
  const items = found.slice(-Number(limit));
  return pageResponse({ items, next: items.length < found.length ? String(items[0]?.seq) : null }, url);
}

export const tokenRoutes: readonly Route[] = [
  route("GET /api/v1/invite", invite),
  route("GET /api/v1/tokens", list),
  route("POST /api/v1/tokens", create),
  route("POST /api/v1/tokens/:name/revoke", ({ coordinator, param }) => json(coordinator.revokeToken(param("name")))),
  route("POST /api/v1/tokens/:name/rotate", async ({ coordinator, param }) =>
    json(await coordinator.rotateToken(param("name"))),
  ),
  route("POST /api/v1/enrol", enrol),
  route("GET /api/v1/audit", audit),
];
