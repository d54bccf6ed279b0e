// Calls of the API, with the session's cookie. A failure is the server's own: what happened, and what to do.

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The server said no, or could not be reached. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly failure: Failure;

  constructor(status: number, failure: Failure) {
    super(failure.message);
    this.status = status;
    this.failure = failure;
  }
}

const UNREACHABLE: Failure = {
  code: "E_UNREACHABLE",
  message: "The server does not answer.",
  hint: "Is `ffcluster serve` still running? This page connects again by itself.",
};

export interface Asked {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  readonly token?: string;
  readonly signal?: AbortSignal;
}

/** The answer's JSON. Throws ApiError. */
export async function ask<T>(path: string, { method = "GET", body, token, signal }: Asked = {}): Promise<T> {
  const headers: Record<string, string> = {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const init = { method, headers, ...(signal === undefined ? {} : { signal }) };
  const response = await fetch(path, body === undefined ? init : { ...init, body: JSON.stringify(body) }).catch(
    (cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw new ApiError(0, UNREACHABLE);
    },
  );
  return (await (await requireOk(response)).json()) as T;
}

/** Throws ApiError where the server said no. */
export async function requireOk(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new ApiError(response.status, failureOf(await response.text()));
}

function failureOf(text: string): Failure {
  try {
    const { error } = JSON.parse(text) as { error?: Failure };
    if (error !== undefined) return error;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown; // not one of our answers: a proxy's, say
  }
  const hint = "Something between this page and the server answered in its place; reload the page.";
  return { code: "E_PROTOCOL", message: "The answer is none of ffcluster's.", hint };
}
