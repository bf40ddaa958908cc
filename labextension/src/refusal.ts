/** What a server's refusal says to the user. */

/** What the server refused, in its own words. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly status: number
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
