/** What is said to the user when a server gives no answer. */

/** What the server refused, in its own words; `status` is null if nothing came from it at all. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly status: number | null
  ) {
    super(message);
  }
}

/** The server's `{message, hint, code}`; anything else comes from something in between. */
export function refusal(status: number, text: string): RequestError {
  try {
    const { message, hint } = JSON.parse(text) as { message?: unknown; hint?: unknown };
    if (typeof message === 'string' && message !== '') {
      return new RequestError(message, typeof hint === 'string' ? hint : '', status);
    }
  } catch {
    // not JSON: a proxy's page, or nothing
  }
  const hint =
    status === 404 ? 'Is the server extension jupyter_dagflow enabled? jupyter server extension list tells.' : '';
  return new RequestError(`The server answered ${status}.`, hint, status);
}

/** No answer came: the server is off, or not to be reached. */
export function silence(reason: unknown): RequestError {
  const why = reason instanceof Error ? reason.message : String(reason);
  return new RequestError(`The Jupyter server does not answer (${why}).`, 'Is it still running?', null);
}
