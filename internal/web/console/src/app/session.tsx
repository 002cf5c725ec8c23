import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext } from "react";
import { body, client } from "../api/client";
import { keys } from "../api/keys";
import { ApiError } from "../api/problem";
import type { Session } from "../api/types";
import type { Permission } from "./permissions";

/** null: nobody is signed in. */
export function useSessionQuery() {
  return useQuery<Session | null>({
    queryKey: keys.session,
    queryFn: async () => {
      try {
        return await body(client.GET("/session"));
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <SessionContext value={session}>{children}</SessionContext>;
}

/** The session of whoever is signed in. Only below RequireSession. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession outside of a session");
  return session;
}

/** Tells whether the session has a permission. */
export function useCan(): (permission: Permission) => boolean {
  const { permissions } = useSession();
  return (permission) => permissions.includes(permission);
}
