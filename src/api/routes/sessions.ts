// Routes of a browser's session: a token is exchanged for a cookie, and the session ended.
import { json } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";

function withCookie(response: Response, cookie: string): Response {
  response.headers.set("set-cookie", cookie);
  return response;
}

function open({ who, openSession }: Call): Response {
  return withCookie(json({ name: who.name, role: who.role }, 201), openSession());
}

function close({ closeSession }: Call): Response {
  return withCookie(json({ ended: true }), closeSession());
}

function show({ who }: Call): Response {
  return json({ name: who.name, role: who.role });
}

export const sessionRoutes: readonly Route[] = [
  route("GET /api/v1/session", show),
  route("POST /api/v1/session", open),
  route("DELETE /api/v1/session", close),
];
