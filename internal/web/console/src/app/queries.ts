import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { keys } from "../api/keys";
import { asApiError } from "../api/problem";

/** Retrying helps only where the server may work later. */
function mayRetry(count: number, error: Error): boolean {
  const { status } = asApiError(error);
  return count < 2 && (status === 0 || status === 502 || status === 503 || status === 504);
}

export function newQueryClient(): QueryClient {
  // A session that ended elsewhere shows up as 401 on any call: asking for the
  // session again then leads to the sign-in page.
  const signedOut = (error: Error) => {
    if (asApiError(error).status === 401) client.setQueryData(keys.session, null);
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (query.queryKey[0] !== keys.session[0]) signedOut(error);
      },
    }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => {
        if (!mutation.meta?.signsIn) signedOut(error);
      },
    }),
    defaultOptions: {
      queries: { retry: mayRetry, staleTime: 5_000, refetchOnWindowFocus: true, networkMode: "always" },
      mutations: { networkMode: "always" },
    },
  });
  return client;
}
