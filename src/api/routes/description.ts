// Routes of the API's own description: for programs and as a page. It is made when somebody first asks.
import { type Route, route } from "../router.ts";

interface Described {
  readonly document: string;
  readonly page: string;
  readonly policy: string;
}

let described: Promise<Described> | null = null;

/** What it is made with is loaded here: commands start without it. */
async function describe(): Promise<Described> {
  const [{ describeApi }, { DOCS_POLICY, docsPage }] = await Promise.all([
    import("../openapi/describe-api.ts"),
    import("../openapi/docs-page.ts"),
  ]);
  const description = describeApi();
  return { document: JSON.stringify(description), page: docsPage(description), policy: DOCS_POLICY };
}

function of(answer: (from: Described) => Response) {
  return async () => {
    described ??= describe();
    return answer(await described);
  };
}

const page = ({ page: html, policy }: Described) =>
  new Response(html, { headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy } });

const document = ({ document: json }: Described) =>
  new Response(json, { headers: { "content-type": "application/json" } });

export const descriptionRoutes: readonly Route[] = [
  route("GET /api/v1/openapi.json", of(document)),
  route("GET /api/v1/docs", of(page)),
];
