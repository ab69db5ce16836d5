/** Why a request was not done: what the server said, or that it was not reached. */
import type { components } from "./schema";

export type ProblemDocument = components["schemas"]["Problem"];

export class ApiProblem extends Error {
  override readonly name = "ApiProblem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    detail: string,
    readonly errors: ProblemDocument["errors"] = [],
  ) {
    super(detail);
  }

  static from(status: number, body: unknown): ApiProblem {
    if (typeof body === "object" && body !== null && "code" in body && "title" in body) {
      const problem = body as ProblemDocument;
      return new ApiProblem(status, problem.code, problem.title, problem.detail, problem.errors);
    }
    return new ApiProblem(status, "", `The server answered ${String(status)}`, "The answer is not one of this server's: something stands between.");
  }
}

/** Title and explanation for people, whatever went wrong. */
export function explain(error: unknown): { readonly title: string; readonly detail: string; readonly code: string } {
  if (error instanceof ApiProblem) {
    const hint = error.status === 403 ? " Ask whoever configures the server for the role, or sign in as somebody else." : "";
    const places = (error.errors ?? []).map((place) => [place.pointer, place.message].filter(Boolean).join(": "));
    return { title: error.title, detail: [error.message + hint, ...places].join("\n"), code: error.code };
  }
  return { title: "The server cannot be reached", detail: "It may be restarting, or the network is interrupted. It is tried again by itself.", code: "" };
}

/** Whether the same may be asked again without anybody changing anything. */
export function isTransient(error: unknown): boolean {
  return !(error instanceof ApiProblem) || error.status === 429 || error.status >= 502;
}
